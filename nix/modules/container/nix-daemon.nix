# The host's Nix daemon serves the jobs. They are not trusted users: what they ask beyond these settings is ignored.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.container) nix;
  gib = 1024 * 1024 * 1024;
in
{
  options.services.runner-controller.container.nix = {
    substituters = mkOption {
      type = types.listOf types.str;
      default = [
        "https://cache.nixos.org"
        "https://cashudevkit.cachix.org"
      ];
      description = "Binary caches that jobs use. A flake that names another one gets a warning and builds instead.";
    };

    trustedPublicKeys = mkOption {
      type = types.listOf types.str;
      default = [
        "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
        "cashudevkit.cachix.org-1:zFKdvMiTllKWxIFNTjXgisZsOFufmaZXjWJNcmc8r+4="
      ];
      description = "Keys whose signatures the host's store accepts. Whoever holds one can put anything into it.";
    };

    accessTokenFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = ''
        File with a line such as `extra-access-tokens = github.com=…`, against GitHub's limit for anonymous flake
        fetches. **Every job can read it**: give a fine-grained token without any permission (public repositories, read
        only), of an account that owns nothing. Never the token that administers runners.
      '';
    };

    minFree = mkOption {
      type = types.nullOr types.ints.positive;
      default = 50;
      description = "GiB of free disk below which the daemon collects garbage while it builds; null for never. A daily timer alone comes too late for a full disk.";
    };

    maxFree = mkOption {
      type = types.ints.positive;
      default = 150;
      description = "GiB of free disk at which that collection stops.";
    };
  };

  config = lib.mkIf cfg.enable {
    nix.settings = {
      inherit (nix) substituters;
      trusted-substituters = nix.substituters;
      trusted-public-keys = nix.trustedPublicKeys;
      experimental-features = [
        "nix-command"
        "flakes"
      ];
    }
    // lib.optionalAttrs (nix.minFree != null) {
      min-free = nix.minFree * gib;
      max-free = nix.maxFree * gib;
    };

    # systemd-nspawn hands it over as a credential; on the host it stays readable by root only.
    services.runner-controller.container.nspawnFlags = lib.optional (
      nix.accessTokenFile != null
    ) "--load-credential=nix.access-tokens:${nix.accessTokenFile}";

    assertions = [
      {
        # Without user namespaces the runner's uid is one of the host's, and with them nobody else should be trusted.
        assertion = lib.subtractLists [ "root" "@wheel" ] config.nix.settings.trusted-users == [ ];
        message = "nix.settings.trusted-users has ${toString config.nix.settings.trusted-users}: a trusted user of the Nix daemon is as good as root, and jobs use this daemon. Keep root and @wheel only.";
      }
      {
        assertion =
          nix.accessTokenFile == null || nix.accessTokenFile != cfg.github.tokenFile;
        message = "services.runner-controller.container.nix.accessTokenFile is the token that administers runners, and every job could read it: make another token, without any permission.";
      }
      {
        assertion = nix.minFree == null || nix.minFree < nix.maxFree;
        message = "services.runner-controller.container.nix.maxFree must be more than minFree.";
      }
    ];
  };
}
