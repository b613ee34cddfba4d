# What any container has, cut to what lets it boot fast: a standby container's boot is paid for every job.
{ config, lib, ... }:
{
  boot.isNspawnContainer = true;
  boot.tmp.cleanOnBoot = true;
  system.stateVersion = "26.05";

  networking = {
    # Empty: the name is the container's own, which systemd-nspawn gives it.
    hostName = lib.mkDefault "";
    useDHCP = false;
    useHostResolvConf = false;
    inherit (config.runner) nameservers;
    # The host's rules are the firewall; in here Docker manages its own.
    firewall.enable = false;
  };
  services.resolved.enable = false;

  # Persistent, so that the host can read it when the container is gone; bounded, as jobs write to it.
  services.journald.extraConfig = ''
    Storage=persistent
    SystemMaxUse=200M
    RateLimitBurst=100000
  '';

  # Nobody logs in. What the runner's user may do, container root may not be kept from anyway: Docker makes it root.
  users.mutableUsers = false;
  users.allowNoPasswordLogin = true;

  documentation.enable = false;
  programs.command-not-found.enable = false;
  services.logrotate.enable = false;
  xdg.mime.enable = false;
  fonts.fontconfig.enable = false;
}
