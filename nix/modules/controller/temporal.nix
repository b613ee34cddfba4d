{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) temporal;
  loopback = lib.any (prefix: lib.hasPrefix prefix temporal.address) [
    "127."
    "localhost:"
    "[::1]:"
  ];
in
{
  options.services.runner-controller.temporal = {
    address = mkOption {
      type = types.strMatching ".+:[0-9]+";
      default = "127.0.0.1:7233";
      description = ''
        Temporal's frontend. All hosts must use one server and namespace: a host that is gone is noticed and cleared up
        by the others' workers.
      '';
    };

    namespace = mkOption {
      type = types.str;
      default = "default";
      description = "Temporal namespace. Its retention is how long the timelines of ended runners can be read.";
    };

    viaPrivateNetwork = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Says that `address` is reached through WireGuard or the like, so that TLS may be left out. Whoever can speak to
        Temporal without TLS commands every pool.
      '';
    };

    tls = {
      enable = lib.mkEnableOption "TLS to Temporal";
      serverName = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Name in the server's certificate, where it is not the one in `address`.";
      };
      caFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Certificate authority of the server; null for those that the system trusts.";
      };
      certificateFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "This host's client certificate, for a server that demands one (mTLS).";
      };
      keyFile = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Key of the client certificate, readable by root only.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = loopback || temporal.tls.enable || temporal.viaPrivateNetwork;
        message = "services.runner-controller.temporal.address (${temporal.address}) is another machine and TLS is off: set temporal.tls, or reach it through WireGuard and set temporal.viaPrivateNetwork.";
      }
      {
        assertion = (temporal.tls.certificateFile == null) == (temporal.tls.keyFile == null);
        message = "services.runner-controller.temporal.tls needs certificateFile and keyFile together.";
      }
    ];
  };
}
