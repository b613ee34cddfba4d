# The server's own configuration. It reaches PostgreSQL through its Unix socket as the user that it is, so there is no
# password to keep.
{ config, lib, ... }:
let
  cfg = config.services.runner-temporal-server;
  tls = !lib.elem null (lib.attrValues cfg.tls);

  store = databaseName: maxConns: {
    sql = {
      pluginName = "postgres12_pgx";
      inherit databaseName maxConns;
      # pgx prefers the attribute; the server wants an address all the same.
      connectAddr = "127.0.0.1:5432";
      connectProtocol = "tcp";
      connectAttributes.host = "/run/postgresql";
      user = "temporal";
      maxIdleConns = maxConns;
      maxConnLifetime = "1h";
    };
  };

  rpc = port: bindOnIP: {
    rpc = {
      grpcPort = port;
      membershipPort = port - 300;
      inherit bindOnIP;
    };
  };

  credential = name: "/run/credentials/temporal.service/${name}";
in
{
  config = lib.mkIf cfg.enable {
    services.temporal = {
      enable = true;
      settings = {
        log = {
          stdout = true;
          level = "warn";
        };
        persistence = {
          defaultStore = "default";
          visibilityStore = "visibility";
          numHistoryShards = cfg.historyShards;
          datastores.default = store "temporal" 20;
          datastores.visibility = store "temporal_visibility" 10;
        };
        global = {
          membership = {
            maxJoinDuration = "30s";
            broadcastAddress = "127.0.0.1";
          };
        }
        // lib.optionalAttrs tls {
          tls.frontend = {
            server = {
              certFile = credential "certificate";
              keyFile = credential "key";
              requireClientAuth = true;
              clientCaFiles = [ (credential "client-ca") ];
            };
            client = {
              inherit (cfg.tls) serverName;
              rootCaFiles = [ (credential "client-ca") ];
            };
          };
        };
        services = {
          frontend = rpc cfg.port cfg.address;
          # The server's own workers come in here, so that they need no client certificate.
          internal-frontend = rpc 7236 "127.0.0.1";
          history = rpc 7234 "127.0.0.1";
          matching = rpc 7235 "127.0.0.1";
          worker = rpc 7239 "127.0.0.1";
        };
        clusterMetadata = {
          enableGlobalNamespace = false;
          failoverVersionIncrement = 10;
          masterClusterName = "active";
          currentClusterName = "active";
          clusterInformation.active = {
            enabled = true;
            initialFailoverVersion = 1;
            rpcName = "frontend";
            rpcAddress = "127.0.0.1:7236";
          };
        };
        dcRedirectionPolicy.policy = "noop";
        dynamicConfigClient = {
          filepath = "${../../../deploy/temporal/dynamic-config.yaml}";
          pollInterval = "60s";
        };
      };
    };

    systemd.services.temporal = {
      wants = [ "network-online.target" ];
      requires = [ "temporal-schema.service" ];
      after = [
        "temporal-schema.service"
        "network-online.target"
      ];
      environment.TEMPORAL_SERVICES = "frontend,internal-frontend,history,matching,worker";
      serviceConfig = {
        # nixpkgs' list has no AF_UNIX, by which PostgreSQL is reached.
        RestrictAddressFamilies = [ "AF_UNIX" ];
        LoadCredential = lib.optionals tls [
          "certificate:${cfg.tls.certificateFile}"
          "key:${cfg.tls.keyFile}"
          "client-ca:${cfg.tls.clientCaFile}"
        ];
        # On the hosts' address, which WireGuard may bring up later.
        RestartSec = 5;
      };
    };
  };
}
