# The hook for monitoring: what a host shows to a Prometheus, on loopback. Dashboards and alerts are not a host's.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) monitoring;
in
{
  options.services.runner-controller.monitoring = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Runs Prometheus' node exporter with the states of the pool's units, on `address`.";
    };
    address = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Where the exporter listens; a WireGuard address lets a Prometheus elsewhere read it. It has no authentication.";
    };
    port = mkOption {
      type = types.port;
      default = 9100;
      description = "Port of the exporter.";
    };
    temporalMetricsPort = mkOption {
      type = types.nullOr types.port;
      default = 8081;
      description = ''
        Port, at `httpAddress`, where the worker shows what Temporal's SDK measures: latencies of workflows and
        activities, free slots. Null for nowhere. The pool's own figures are at `httpPort`, below /metrics.
      '';
    };
  };

  config = lib.mkIf (cfg.enable && monitoring.enable) {
    services.runner-controller.environment =
      lib.optionalAttrs (monitoring.temporalMetricsPort != null)
        {
          TEMPORAL_METRICS_PORT = toString monitoring.temporalMetricsPort;
        };

    services.prometheus.exporters.node = {
      enable = true;
      listenAddress = monitoring.address;
      inherit (monitoring) port;
      enabledCollectors = [
        "systemd"
        "pressure"
      ];
      # Containers come and go by the hundred; a series for each would never end.
      extraFlags = [
        "--collector.systemd.unit-include=(runner-.*|temporal.*|postgresql|nix-daemon|nftables)\\.service"
        "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/(runner-controller|credentials)|var/lib/nixos-containers)($|/)"
      ];
    };
  };
}
