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
    # Of its own name, not only a dynamic one, so that PostgreSQL's peer authentication knows it.
    users.groups.temporal = { };
    users.users.temporal = {
      isSystemUser = true;
      group = "temporal";
    };

    services.postgresql = {
      enable = true;
      enableTCPIP = false;
      ensureDatabases = [
        "temporal"
        "temporal_visibility"
      ];
      ensureUsers = [
        {
          name = "temporal";
          ensureDBOwnership = true;
        }
      ];
    };
    services.postgresqlBackup = {
      enable = lib.mkDefault true;
      databases = [
        "temporal"
        "temporal_visibility"
      ];
    };

    # ensureDBOwnership gives a user the one database that has its name.
    systemd.services.temporal-database = {
      description = "Owner of the Temporal visibility database";
      requires = [ "postgresql.target" ];
      after = [ "postgresql.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        User = "postgres";
        ExecStart = "${config.services.postgresql.package}/bin/psql --no-psqlrc --command 'ALTER DATABASE temporal_visibility OWNER TO temporal'";
      };
    };

    systemd.services.temporal-schema = {
      description = "Schema of the Temporal databases";
      requires = [ "temporal-database.service" ];
      after = [ "temporal-database.service" ];
      path = [ config.services.temporal.package ];
      environment = {
        SQL_PLUGIN = "postgres12_pgx";
        SQL_HOST = "127.0.0.1";
        SQL_PORT = "5432";
        SQL_USER = "temporal";
        SQL_CONNECT_ATTRIBUTES = "host=/run/postgresql";
        CREATE_DATABASES = "no";
      };
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        User = "temporal";
        Group = "temporal";
        ExecStart = "${pkgs.runtimeShell} ${../../../deploy/temporal/setup-schema.sh}";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
      };
    };
  };
}
