# What the host has for its containers, apart from limits and network.
{ config, lib, ... }:
let
  cfg = config.services.runner-controller;
  inherit (cfg) container;
in
{
  config = lib.mkIf cfg.enable {
    boot.enableContainers = true;

    # The worker hands over here, and mounts one more for each container's events. No program, no device and no setuid
    # bit may come out of one. A deploy that changes the size remounts it in place.
    systemd.mounts = [
      {
        description = "Hand-over directories of runner containers";
        what = "tmpfs";
        where = container.runtimeDirectory;
        type = "tmpfs";
        options = lib.concatStringsSep "," [
          "mode=0700"
          "nosuid"
          "nodev"
          "noexec"
          "size=${container.runtimeSize}"
          "nr_inodes=16k"
        ];
        wantedBy = [ "multi-user.target" ];
        before = [ "runner-controller.service" ];
      }
    ];

    # A container that had to be killed would stay as a failed unit, and with directories and a mount of systemd-nspawn,
    # under a name that is never used again.
    systemd.services."container@" = {
      unitConfig.CollectMode = "inactive-or-failed";
      serviceConfig.ExecStopPost = [
        "-${config.systemd.package}/bin/systemd-nspawn --cleanup --machine=%i"
      ];
    };

    boot.kernel.sysctl = {
      "user.max_user_namespaces" = 15000;
      # Per user of the host, and without user namespaces all containers' root is one. systemd and file watchers in
      # seven containers outgrow the defaults.
      "fs.inotify.max_user_instances" = lib.mkDefault 8192;
      "fs.inotify.max_user_watches" = lib.mkDefault 1048576;
      "kernel.keys.maxkeys" = lib.mkDefault 2000;
      "kernel.keys.maxbytes" = lib.mkDefault 200000;
    };
  };
}
