{ lib, pkgs, ... }:
let
  keys = import ./keys.nix;
in
{
  # Of the first installation of these machines. It is no version to upgrade: NixOS keeps old data's formats by it.
  system.stateVersion = "23.11";
  time.timeZone = "UTC";

  boot = {
    loader.grub = {
      enable = true;
      efiSupport = true;
      efiInstallAsRemovable = true;
    };
    kernelPackages = pkgs.linuxPackages_latest;
    tmp.cleanOnBoot = true;
  };

  networking.firewall.allowPing = true;
  services.resolved.enable = true;
  services.openssh = {
    enable = true;
    settings = {
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      PermitRootLogin = "prohibit-password";
    };
  };

  users.users.root.openssh.authorizedKeys.keys = keys.admins;
  users.users.tsk = {
    isNormalUser = true;
    # Not 1000, which is the runner's id in containers, should a host ever go without user namespaces.
    uid = 1001;
    shell = pkgs.fish;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = keys.admins;
    hashedPassword = "!";
  };
  security.sudo.wheelNeedsPassword = false;
  programs.fish.enable = true;

  nix = {
    settings = {
      max-jobs = 2;
      auto-optimise-store = true;
      # For `nixos-rebuild --target-host` as an administrator.
      trusted-users = [
        "root"
        "@wheel"
      ];
    };
    # min-free (services.runner-controller.container.nix) is what keeps a full disk away; this keeps the store small.
    gc = {
      automatic = true;
      persistent = true;
      dates = "daily";
      options = "--delete-older-than 7d";
    };
  };

  services.journald.extraConfig = "SystemMaxUse=1G";
  services.sysstat = {
    enable = true;
    collect-frequency = "*:00/1";
  };

  environment.systemPackages = map lib.lowPrio [
    pkgs.btop
    pkgs.curl
    pkgs.gitMinimal
    pkgs.gnupg
    pkgs.helix
    pkgs.htop
    pkgs.jq
    pkgs.psmisc
    pkgs.sysstat
    pkgs.tmux
  ];
}
