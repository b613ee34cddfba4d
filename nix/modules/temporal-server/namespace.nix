{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.runner-temporal-server;
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.temporal-namespace = {
      description = "Temporal namespace of the runner pools";
      wantedBy = [ "multi-user.target" ];
      requires = [ "temporal.service" ];
      after = [ "temporal.service" ];
      path = [
        pkgs.coreutils
        pkgs.temporal-cli
      ];
      environment = {
        # The internal frontend, which asks for no certificate.
        TEMPORAL_ADDRESS = "127.0.0.1:7236";
        TEMPORAL_NAMESPACE = cfg.namespace;
        RETENTION = cfg.retention;
        HOME = "%t/temporal-namespace";
      };
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.runtimeShell} ${../../../deploy/temporal/create-namespace.sh}";
        Restart = "on-failure";
        RestartSec = 10;
        DynamicUser = true;
        RuntimeDirectory = "temporal-namespace";
        ProtectHome = true;
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
      };
    };
  };
}
