{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.container) limits;
in
{
  options.services.runner-controller.container.limits = {
    cpuQuota = mkOption {
      type = types.strMatching "[0-9]+%";
      default = "350%";
      description = "CPU time of one container; 100% is one core. Three and a half cores of sixteen let jobs overcommit them a little.";
    };
    cpuWeight = mkOption {
      type = types.ints.between 1 10000;
      default = 100;
      description = "Share of the CPU against other containers when there is too little. The worker has 1000.";
    };
    memoryMax = mkOption {
      type = types.str;
      default = "7G";
      description = "Memory of one container. Beyond it the kernel kills processes of that job; swap is never used.";
    };
    memoryHigh = mkOption {
      type = types.str;
      default = "6G";
      description = "Memory beyond which a container is slowed down and made to give back what it can.";
    };
    tasksMax = mkOption {
      type = types.ints.positive;
      default = 2000;
      description = "Processes and threads of one container; a fork bomb ends there.";
    };
    ioWeight = mkOption {
      type = types.ints.between 1 10000;
      default = 100;
      description = "Share of the disks against other containers.";
    };
    totalMemoryMax = mkOption {
      type = types.str;
      default = "85%";
      description = ''
        Memory of all containers together. Six at 7G are more than a 32 GB host has; with this the jobs compete among
        themselves, and the host, its worker and sshd stay alive.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.services."container@".serviceConfig = {
      CPUQuota = limits.cpuQuota;
      CPUWeight = limits.cpuWeight;
      MemoryMax = limits.memoryMax;
      MemoryHigh = limits.memoryHigh;
      MemorySwapMax = 0;
      TasksMax = limits.tasksMax;
      IOWeight = limits.ioWeight;
    };

    systemd.slices.machine.sliceConfig = {
      MemoryMax = limits.totalMemoryMax;
      # Half of what the host's own services get.
      CPUWeight = 50;
      IOWeight = 50;
    };
  };
}
