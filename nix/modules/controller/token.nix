# Which GitHub token is in use. The configured file (agenix) has it, until an operator sets another by hand in a hurry:
# that one survives reboots, and gives way as soon as the configured file's content changes.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.github) tokenFile;

  tool = pkgs.writeShellApplication {
    name = "runner-token";
    runtimeInputs = [
      pkgs.coreutils
      config.systemd.package
    ];
    text = builtins.readFile ./runner-token.sh;
  };
  setToken = pkgs.writeShellScriptBin "runner-set-token" ''
    export RUNNER_TOKEN_FILE=${lib.escapeShellArg tokenFile}
    exec ${lib.getExe tool} set
  '';
in
{
  options.services.runner-controller = {
    tokenInUse = mkOption {
      type = types.path;
      internal = true;
      readOnly = true;
      default = "/run/runner-token/github-token";
    };

    secretDigests = mkOption {
      type = types.listOf types.str;
      internal = true;
      description = "Changes when a secret that agenix decrypts for the worker changes.";
      # Of the content: the file's own path changes with every commit.
      default = lib.mapAttrsToList (_: secret: builtins.hashFile "sha256" secret.file) (
        lib.filterAttrs (
          _: secret:
          lib.elem secret.path [
            cfg.github.tokenFile
            cfg.github.app.privateKeyFile
            cfg.temporal.tls.keyFile
          ]
        ) (config.age.secrets or { })
      );
    };
  };

  config = lib.mkIf (cfg.enable && tokenFile != null) {
    environment.systemPackages = [ setToken ];

    systemd.services.runner-token = {
      description = "GitHub token of the runner pool";
      wantedBy = [ "multi-user.target" ];
      before = [ "runner-controller.service" ];
      restartTriggers = cfg.secretDigests;
      environment.RUNNER_TOKEN_FILE = toString tokenFile;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${lib.getExe tool} choose";
        # Without any token yet: look again, and runner-set-token restarts this at once.
        Restart = "on-failure";
        RestartSec = 30;
        RuntimeDirectory = "runner-token";
        RuntimeDirectoryMode = "0700";
        StateDirectory = "runner-token";
        StateDirectoryMode = "0700";
        UMask = "0077";
        PrivateNetwork = true;
        ProtectSystem = "strict";
        ProtectHome = true;
        NoNewPrivileges = true;
        CapabilityBoundingSet = [ "CAP_DAC_OVERRIDE" ];
      };
    };
  };
}
