# Hetzner's cloud machines boot from /dev/sda, by BIOS or EFI. `just bootstrap-…` erases it.
{ lib, ... }:
{
  disko.devices.disk.main = {
    device = "/dev/sda";
    type = "disk";
    content = {
      type = "gpt";
      partitions = {
        # disko has the boot loader installed on the disk that has this one.
        boot = {
          size = "1M";
          type = "EF02";
        };
        ESP = {
          size = "500M";
          type = "EF00";
          content = {
            type = "filesystem";
            format = "vfat";
            mountpoint = "/boot";
            mountOptions = [ "umask=0077" ];
          };
        };
        root = {
          size = "100%";
          content = {
            type = "filesystem";
            format = "ext4";
            mountpoint = "/";
          };
        };
      };
    };
  };

  # By device and not by disko's partition labels, which the machines that are already in use were not installed with.
  fileSystems."/" = lib.mkForce {
    device = "/dev/sda3";
    fsType = "ext4";
  };
  fileSystems."/boot" = lib.mkForce {
    device = "/dev/sda2";
    fsType = "vfat";
    options = [ "umask=0077" ];
  };
}
