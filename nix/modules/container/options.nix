{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) container;
in
{
  options.services.runner-controller.container = {
    userNamespaces = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Gives each container ids of its own, so that its root, which any job can become through Docker, is nobody on the
        host. Without it a job that breaks out of its container is root on the host.
      '';
    };

    nspawnFlags = mkOption {
      type = types.listOf types.str;
      description = ''
        More flags of systemd-nspawn for every container. Each weakens or shapes the isolation of untrusted jobs. They
        apply to new containers.
      '';
    };

    nameservers = mkOption {
      type = types.listOf types.str;
      default = [
        "1.1.1.1"
        "8.8.8.8"
      ];
      description = "Resolvers of the containers. They must be on the internet: containers reach no private address, nor the host.";
    };

    dockerAddressPool = mkOption {
      type = types.str;
      default = "172.16.0.0/12";
      description = "Network that Docker inside a container takes its bridges' subnets from. It never leaves the container.";
    };

    runnerUid = mkOption {
      type = types.ints.between 1 65533;
      default = 1000;
      description = "Uid of the runner's user inside the containers.";
    };

    runtimeDirectory = mkOption {
      type = types.path;
      default = "/run/runner-controller";
      description = "Where the hand-over directories of containers are: a mount of its own, closed to all but root.";
    };

    runtimeSize = mkOption {
      type = types.strMatching "[0-9]+[KMG]";
      default = "64M";
      description = "Size limit of `runtimeDirectory`, apart from what containers report.";
    };

    outSize = mkOption {
      type = types.ints.unsigned;
      default = 1024;
      description = ''
        KiB that one container can report, in events of less than 1 KiB each; forged ones fill no more than that. Each
        container reports into a filesystem of its own; with 0 all share `runtimeSize`, and a job that fills it
        keeps the others from reporting.
      '';
    };

    # nixos-container compiles these two in.
    configurationDirectory = mkOption {
      type = types.path;
      internal = true;
      readOnly = true;
      default = "/etc/nixos-containers";
    };
    stateDirectory = mkOption {
      type = types.path;
      internal = true;
      readOnly = true;
      default = "/var/lib/nixos-containers";
    };
  };

  config = lib.mkIf cfg.enable {
    services.runner-controller.container.nspawnFlags = [
      # Docker: runc joins a session keyring, and limits devices by BPF.
      "--system-call-filter=@keyring"
      "--system-call-filter=bpf"
    ];

    assertions = [
      {
        assertion = !lib.any (flag: builtins.match ".*[[:space:]].*" flag != null) container.nspawnFlags;
        message = "A flag in services.runner-controller.container.nspawnFlags has a space: nixos-container splits them there and knows no quotes. Repeat the option instead of giving it a list.";
      }
      {
        assertion = lib.versionAtLeast config.system.stateVersion "22.05";
        message = "services.runner-controller needs system.stateVersion 22.05 or later: before it nixos-container kept containers elsewhere.";
      }
      {
        assertion =
          container.userNamespaces -> lib.versionAtLeast config.boot.kernelPackages.kernel.version "6.3";
        message = "Containers with user namespaces get their hand-over directory by an id-mapped mount of a tmpfs, for which Linux 6.3 is needed: set boot.kernelPackages = pkgs.linuxPackages_latest.";
      }
    ];
    warnings = lib.optional (!container.userNamespaces) "services.runner-controller.container.userNamespaces is off: a job that breaks out of its container is root on this host.";
  };
}
