# A private network between the hosts, for Temporal. Keys are made on the hosts and never leave them.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-wireguard;
  known = lib.filterAttrs (_: peer: peer.publicKey != null) cfg.peers;
  unknown = lib.attrNames (lib.filterAttrs (_: peer: peer.publicKey == null) cfg.peers);
in
{
  options.services.runner-wireguard = {
    enable = lib.mkEnableOption "a WireGuard network between runner hosts";

    address = mkOption {
      type = types.str;
      example = "10.100.0.1";
      description = "This host's address in the network. Containers reach no private address, so no job reaches it.";
    };

    interface = mkOption {
      type = types.str;
      default = "wg0";
      description = "Name of the interface.";
    };

    port = mkOption {
      type = types.port;
      default = 51820;
      description = "UDP port, opened in the firewall.";
    };

    peers = mkOption {
      default = { };
      description = "The other hosts, by name.";
      type = types.attrsOf (
        types.submodule {
          options = {
            address = mkOption {
              type = types.str;
              description = "The peer's address in the network.";
            };
            publicKey = mkOption {
              type = types.nullOr types.str;
              default = null;
              description = "The peer's public key, which `just wireguard-key-…` prints once it has been bootstrapped; null until then, and the peer is left out.";
            };
            endpoint = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "192.0.2.1:51820";
              description = "Where the peer is on the internet. One side of each pair needs it.";
            };
          };
        }
      );
    };
  };

  config = lib.mkIf cfg.enable {
    networking.wireguard.interfaces.${cfg.interface} = {
      ips = [ "${cfg.address}/24" ];
      listenPort = cfg.port;
      privateKeyFile = "/var/lib/wireguard/${cfg.interface}.key";
      generatePrivateKeyFile = true;
      peers = lib.mapAttrsToList (name: peer: {
        inherit name;
        inherit (peer) publicKey endpoint;
        allowedIPs = [ "${peer.address}/32" ];
        # Through any NAT between them, in both directions.
        persistentKeepalive = 25;
      }) known;
    };
    networking.firewall.allowedUDPPorts = [ cfg.port ];

    warnings = lib.optional (unknown != [ ]) "services.runner-wireguard has no public key yet of ${lib.concatStringsSep ", " unknown}: put what `just wireguard-key-…` prints into nix/hosts/keys.nix and apply again.";
  };
}
