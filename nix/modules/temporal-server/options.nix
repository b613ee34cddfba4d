{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-temporal-server;
in
{
  options.services.runner-temporal-server = {
    enable = lib.mkEnableOption "a Temporal server for the runner pools, with PostgreSQL and Web UI";

    address = mkOption {
      type = types.str;
      default = "127.0.0.1";
      example = "10.100.0.1";
      description = ''
        Address that the server listens on: loopback when all pools are on this machine, otherwise this machine's
        address in the hosts' WireGuard network, or a public one with `tls`.
      '';
    };

    port = mkOption {
      type = types.port;
      default = 7233;
      description = "Port of the frontend.";
    };

    privateInterface = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "wg0";
      description = "Interface on which the firewall lets hosts reach `port`. TLS may be left out on it: whoever is on it commands every pool.";
    };

    namespace = mkOption {
      type = types.str;
      default = "default";
      description = "Namespace of the pools.";
    };

    retention = mkOption {
      type = types.strMatching "[0-9]+[hd]";
      default = "30d";
      description = "How long ended runners' timelines stay readable. The database grows with it, by roughly 60 KB a job.";
    };

    historyShards = mkOption {
      type = types.ints.positive;
      default = 4;
      description = "Fixed for the life of the database; another number needs a new one. Four are plenty for a dozen hosts.";
    };

    ui = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Runs Temporal's Web UI on loopback. It can end and signal workflows and has no login: `just temporal-ui` opens it through SSH.";
      };
      port = mkOption {
        type = types.port;
        default = 8233;
        description = "Port of the Web UI on loopback.";
      };
    };

    tls = {
      certificateFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Certificate of the frontend; null for no TLS.";
      };
      keyFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Its key, readable by root only.";
      };
      clientCaFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Authority that signs the hosts' client certificates. Without it anyone who reaches the port commands every pool.";
      };
      serverName = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Name in the certificate, by which the server's own parts and the Web UI know it.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion =
          lib.elem cfg.address [
            "127.0.0.1"
            "::1"
          ]
          || cfg.privateInterface != null
          || cfg.tls.clientCaFile != null;
        message = "services.runner-temporal-server.address (${cfg.address}) is not loopback: name the WireGuard interface in privateInterface, or set tls with a clientCaFile.";
      }
      {
        assertion = lib.all (value: (value == null) == (cfg.tls.certificateFile == null)) [
          cfg.tls.keyFile
          cfg.tls.clientCaFile
          cfg.tls.serverName
        ];
        message = "services.runner-temporal-server.tls needs certificateFile, keyFile, clientCaFile and serverName together.";
      }
    ];

    networking.firewall = lib.mkMerge [
      (lib.mkIf (cfg.privateInterface != null) {
        interfaces.${cfg.privateInterface}.allowedTCPPorts = [ cfg.port ];
      })
      (lib.mkIf (cfg.tls.clientCaFile != null && cfg.privateInterface == null) {
        allowedTCPPorts = [ cfg.port ];
      })
    ];
  };
}
