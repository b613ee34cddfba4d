# Nix in a container is the host's daemon and store; these are the client's settings.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.runner.nix;
  snippet = "/run/nix-access-tokens.conf";
in
{
  nix = {
    settings = {
      experimental-features = [
        "nix-command"
        "flakes"
      ];
      # Flakes may ask for their caches without a question; the daemon serves those that the host allows.
      accept-flake-config = true;
      inherit (cfg) substituters;
      trusted-public-keys = cfg.trustedPublicKeys;
      # For Cachix only, which refuses to configure a user that this file does not name. It is the host's file that
      # decides, and there jobs are not trusted.
      trusted-users = [
        "root"
        "github-runner"
      ];
    };
    extraOptions = lib.optionalString cfg.accessToken "!include ${snippet}";
    gc.automatic = false;
  };

  # systemd-nspawn got it with --load-credential. Every job may read it, and is meant to.
  systemd.services.nix-access-tokens = lib.mkIf cfg.accessToken {
    description = "Token for flake fetches from GitHub";
    wantedBy = [ "multi-user.target" ];
    before = [ "runner-boot.service" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      LoadCredential = "nix.access-tokens";
      ExecStart = "${lib.getExe' pkgs.coreutils "install"} -m 0444 %d/nix.access-tokens ${snippet}";
    };
  };
}
