{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.container) scratch;
  image = "/var/lib/runner-scratch.img";
  hostPath = "/var/lib/runner-scratch";
in
{
  options.services.runner-controller.container.scratch = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Gives all containers one writable directory that outlives them, e.g. for a large archive that is to be unpacked
        once a host and not once a job. **Every job, a stranger's pull request included, can change what later jobs find
        there, programs among it**, and those may hold secrets. Use it only where no job with secrets runs what it finds.
      '';
    };

    path = mkOption {
      type = types.path;
      default = "/var/tmp/cdk-nextest-extract";
      description = "Where jobs find it.";
    };

    size = mkOption {
      type = types.strMatching "[0-9]+[MG]";
      default = "40G";
      description = "Its size. It is a filesystem of its own, so jobs can't fill the host's disk through it.";
    };
  };

  config = lib.mkIf (cfg.enable && scratch.enable) {
    services.runner-controller.container.nspawnFlags = [
      "--bind=${hostPath}:${scratch.path}${lib.optionalString cfg.container.userNamespaces ":idmap"}"
    ];

    systemd.services.runner-scratch = {
      description = "Filesystem that runner containers share";
      wantedBy = [ "multi-user.target" ];
      before = [ "var-lib-runner\\x2dscratch.mount" ];
      path = [
        pkgs.coreutils
        pkgs.e2fsprogs
      ];
      environment = {
        IMAGE = image;
        SIZE = scratch.size;
        OWNER = toString cfg.container.runnerUid;
      };
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.runtimeShell} ${./make-scratch.sh}";
      };
    };

    systemd.mounts = [
      {
        what = image;
        where = hostPath;
        type = "ext4";
        options = "loop,nosuid,nodev,noatime";
        requires = [ "runner-scratch.service" ];
        after = [ "runner-scratch.service" ];
        wantedBy = [ "multi-user.target" ];
        before = [ "runner-controller.service" ];
      }
    ];
  };
}
