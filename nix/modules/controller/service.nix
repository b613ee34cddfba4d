# runner-controller.service. Restarting it cancels no job: containers are units of their own, their life is in Temporal,
# and the worker takes up where it was. So a deploy may restart it like any other service.
{ config, lib, ... }:
let
  cfg = config.services.runner-controller;
  inherit (cfg) container;
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.runner-controller = {
      description = "GitHub Actions runner pool";
      documentation = [ "https://docs.temporal.io/workers" ];
      wantedBy = [ "multi-user.target" ];
      wants = [
        "network-online.target"
        "runner-token.service"
      ];
      after = [
        "network-online.target"
        "nftables.service"
        "runner-token.service"
        "temporal.service"
      ];

      # One `restart` after activation, not a stop before it and a start after: pools go without a worker for a second.
      stopIfChanged = false;
      # Credentials are copied when the unit starts.
      restartTriggers = cfg.secretDigests;

      path = [
        config.nix.package
        config.systemd.package
      ];

      environment =
        cfg.environment
        // lib.mapAttrs (name: _: "%d/${name}") cfg.secretFiles
        // {
          NODE_ENV = "production";
          # nixos-container sets a profile with nix-env; by the daemon, as /nix/store is read-only here.
          NIX_REMOTE = "daemon";
          HOME = "/var/lib/runner-controller";
        };

      unitConfig = {
        RequiresMountsFor = container.runtimeDirectory;
        # Temporal or the network may be away for long; never give up.
        StartLimitIntervalSec = 0;
      };

      serviceConfig = {
        ExecStart = "${cfg.package}/bin/runner-controller";
        LoadCredential = lib.mapAttrsToList (name: file: "${name}:${file}") cfg.secretFiles;
        StateDirectory = "runner-controller";
        StateDirectoryMode = "0700";
        LogsDirectory = "runner-controller";
        LogsDirectoryMode = "0750";
        WorkingDirectory = "/var/lib/runner-controller";

        Restart = "always";
        RestartSec = 10;
        # A configuration fault. Its cure, a deploy or runner-set-token, starts the unit again; until then `failed` is
        # easier to notice than a service that starts for ever.
        RestartPreventExitStatus = 78;
        # Activities end at SIGTERM; the worker itself waits for them for 30 s at most.
        TimeoutStopSec = 60;
        KillMode = "mixed";

        # The worker stays quick and alive while jobs use up the host.
        CPUWeight = 1000;
        IOWeight = 1000;
        OOMScoreAdjust = -500;
        MemoryMax = "2G";
        TasksMax = 512;
      }
      // import ./hardening.nix { inherit container; };
    };

    # ReadWritePaths must exist, and nixos-container makes these only when it is first used.
    systemd.tmpfiles.settings.runner-controller =
      lib.mapAttrs
        (_: mode: {
          d = {
            inherit mode;
            user = "root";
            group = "root";
          };
        })
        {
          ${container.configurationDirectory} = "0755";
          ${container.stateDirectory} = "0700";
          "/nix/var/nix/profiles/per-container" = "0700";
          "/nix/var/nix/gcroots/per-container" = "0700";
        };
  };
}
