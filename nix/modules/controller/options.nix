{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
in
{
  options.services.runner-controller = {
    enable = lib.mkEnableOption "the pool of ephemeral GitHub Actions runners on this host";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../../package.nix { };
      defaultText = lib.literalMD "the package of this flake";
      description = "The worker and the operators' commands. A new one restarts the worker, which cancels no job.";
    };

    host = mkOption {
      type = types.strMatching "[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?";
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = ''
        This host's name in runner names and workflow ids. It must be unlike every other host's: a worker removes
        runners and containers whose names begin with it. Changing it leaves the old name's pool workflow and runners
        behind: drain and stop them first.
      '';
    };

    labels = mkOption {
      type = types.listOf types.str;
      default = [
        "self-hosted"
        "ci"
        "nix"
        "x64"
        "Linux"
      ];
      description = ''
        Labels that the runners register with. A job lands here only if it asks for a subset of them. GitHub adds none
        by itself. A change replaces idle runners; busy ones keep theirs until their job ends.
      '';
    };

    extraLabels = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "fuzz-a" ];
      description = "Labels of this host besides `labels`.";
    };

    maxConcurrentJobs = mkOption {
      type = types.ints.between 1 200;
      default = 7;
      description = ''
        Most jobs that run here at once. Each may use `container.limits`, so a number that is too high makes jobs
        compete for memory and CPU, and GitHub then sees "lost communication with the server".
      '';
    };

    warmRunners = mkOption {
      type = types.nullOr types.ints.unsigned;
      default = null;
      description = ''
        Runners kept idle when no job is queued; null for `maxConcurrentJobs`. Fewer save memory; a burst of jobs then
        waits for registration, and for a container's boot beyond `standbyContainers`.
      '';
    };

    standbyContainers = mkOption {
      type = types.ints.unsigned;
      default = 1;
      description = ''
        Booted containers without a runner, beyond `maxConcurrentJobs`. They make the change from one job to the next
        fast; each costs the memory of a booted container. 0 has every job wait for a boot.
      '';
    };

    pollInterval = mkOption {
      type = types.ints.positive;
      default = 10;
      description = "Seconds between two looks at the host and at GitHub. What changes in a container is noticed at once whatever this is.";
    };

    jobTimeout = mkOption {
      type = types.ints.positive;
      default = 7200;
      description = "Seconds that a runner may be busy before it is removed, and its job with it.";
    };

    runnerStartupTimeout = mkOption {
      type = types.ints.positive;
      default = 600;
      description = "Seconds that a container may take to boot, and a runner to come online, before it is replaced.";
    };

    httpAddress = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = ''
        Address of the status endpoint, which has no authentication. It shows job names and runs but no secret.
        Anything but loopback shows it to whoever reaches that address.
      '';
    };

    httpPort = mkOption {
      type = types.port;
      default = 8080;
      description = "Port of the status endpoint.";
    };

    minFreeDisk = mkOption {
      type = types.ints.unsigned;
      default = 20;
      description = "GiB that must be free on the containers' disk. Below it no further container is made and the pool says so; jobs that run go on.";
    };

    logs = {
      maxAge = mkOption {
        type = types.ints.positive;
        default = 14;
        description = "Days that the logs of ended runners are kept in /var/log/runner-controller.";
      };
      maxSize = mkOption {
        type = types.ints.positive;
        default = 1024;
        description = "MiB that those logs may take; the oldest go first.";
      };
    };

    logLevel = mkOption {
      type = types.enum [
        "trace"
        "debug"
        "info"
        "warn"
        "error"
      ];
      default = "info";
      description = "Least severity that the worker logs. `debug` and `trace` log each look at the host.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.warmRunners == null || cfg.warmRunners <= cfg.maxConcurrentJobs;
        message = "services.runner-controller.warmRunners (${toString cfg.warmRunners}) is more than maxConcurrentJobs (${toString cfg.maxConcurrentJobs}): lower it, or raise maxConcurrentJobs.";
      }
      {
        assertion = lib.allUnique (map lib.toLower (cfg.labels ++ cfg.extraLabels));
        message = "services.runner-controller.labels and extraLabels name a label twice (GitHub ignores case): remove one.";
      }
    ];
    warnings =
      lib.optional
        (
          !lib.elem cfg.httpAddress [
            "127.0.0.1"
            "::1"
            "localhost"
          ]
        )
        "services.runner-controller.httpAddress is ${cfg.httpAddress}: the status endpoint has no authentication, so let a firewall keep strangers from it.";
  };
}
