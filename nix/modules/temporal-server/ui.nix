{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.runner-temporal-server;
  settings = (pkgs.formats.yaml { }).generate "production.yaml" {
    temporalGrpcAddress = "127.0.0.1:7236";
    host = "127.0.0.1";
    inherit (cfg.ui) port;
    enableUi = true;
    defaultNamespace = cfg.namespace;
    # It is reached by plain HTTP, through the tunnel; some browsers would keep the cookie that signals need to themselves.
    cors.cookieInsecure = true;
  };
  directory = pkgs.linkFarm "temporal-ui-config" { "production.yaml" = settings; };
in
{
  config = lib.mkIf (cfg.enable && cfg.ui.enable) {
    systemd.services.temporal-ui = {
      description = "Temporal Web UI";
      wantedBy = [ "multi-user.target" ];
      wants = [ "temporal.service" ];
      after = [ "temporal.service" ];
      serviceConfig = {
        ExecStart = "${lib.getExe pkgs.temporal-ui-server} --root / --config ${lib.removePrefix "/" "${directory}"} --env production start";
        Restart = "always";
        RestartSec = 5;
        DynamicUser = true;
        ProtectSystem = "strict";
        ProtectHome = true;
        ProtectKernelTunables = true;
        ProtectControlGroups = true;
        PrivateDevices = true;
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
        ];
        RestrictNamespaces = true;
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
        ];
        MemoryMax = "512M";
      };
    };
  };
}
