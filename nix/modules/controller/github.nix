{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) github;
in
{
  options.services.runner-controller.github = {
    repository = mkOption {
      type = types.nullOr (types.strMatching "[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+");
      default = null;
      example = "cashubtc/cdk";
      description = "Repository that the runners serve. Set this or `organisation`.";
    };

    organisation = mkOption {
      type = types.nullOr (types.strMatching "[A-Za-z0-9_.-]+");
      default = null;
      description = "Organisation that the runners serve, through the runner group `runnerGroupId`. Every repository of that group can run code here.";
    };

    runnerGroupId = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "Runner group of an organisation; 1 is its default group, which all its repositories may be allowed to use.";
    };

    apiUrl = mkOption {
      type = types.strMatching "https?://.+";
      default = "https://api.github.com";
      description = "GitHub's REST API; another address for GitHub Enterprise Server, or for a simulated GitHub.";
    };

    serverUrl = mkOption {
      type = types.strMatching "https?://.+";
      default = "https://github.com";
      description = "GitHub's web address, for links to runs.";
    };

    tokenFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/github-runner/token";
      description = ''
        File on the host with a token that may administer runners, readable by root only. It never enters a container.
        `runner-set-token` overrides it until its content changes. Set this or `app`.
      '';
    };

    app = {
      id = mkOption {
        type = types.nullOr types.ints.positive;
        default = null;
        description = "Id of a GitHub App: better than a token, as it belongs to nobody, may do less and its tokens last an hour.";
      };
      installationId = mkOption {
        type = types.nullOr types.ints.positive;
        default = null;
        description = "Id of the App's installation on the repository's owner.";
      };
      privateKeyFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "File on the host with the App's private key (PEM), readable by root only. It never enters a container.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = (github.repository == null) != (github.organisation == null);
        message = "Set services.runner-controller.github.repository (owner/name) or github.organisation, and not both.";
      }
      {
        assertion = (github.tokenFile == null) != (github.app.id == null);
        message = "Set services.runner-controller.github.tokenFile or github.app.id with its key, and not both.";
      }
      {
        assertion =
          github.app.id != null -> github.app.installationId != null && github.app.privateKeyFile != null;
        message = "services.runner-controller.github.app needs id, installationId and privateKeyFile.";
      }
      {
        # A path of the store is readable by everyone, jobs included: containers mount the store.
        assertion = lib.all (file: file == null || !lib.hasPrefix builtins.storeDir (toString file)) [
          github.tokenFile
          github.app.privateKeyFile
        ];
        message = "A GitHub secret is in the Nix store, which every job can read: give the path of a file that agenix decrypts, as a string.";
      }
    ];
  };
}
