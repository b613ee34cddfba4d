{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.container) registryMirror;
in
{
  options.services.runner-controller.container.registryMirror = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Runs a pull-through cache of Docker Hub on this host and has Docker in the containers use it: all containers
        share one address, and Docker Hub counts anonymous pulls by address. It is the one service of the host that jobs
        can reach, and they can read whatever any of them pulled (not push).
      '';
    };

    address = mkOption {
      type = types.str;
      default = "198.51.100.1";
      description = "Address on which containers reach it: one of a documentation network (RFC 5737), so that it is no other service's.";
    };

    upstream = mkOption {
      type = types.strMatching "https://.+";
      default = "https://registry-1.docker.io";
      description = "The registry that it caches.";
    };

    port = mkOption {
      type = types.port;
      default = 5000;
      description = "Port of the cache.";
    };

    url = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default = "http://${registryMirror.address}:${toString registryMirror.port}";
    };
  };

  config = lib.mkIf (cfg.enable && registryMirror.enable) {
    services.dockerRegistry = {
      enable = true;
      listenAddress = registryMirror.address;
      inherit (registryMirror) port;
      enableDelete = true;
      enableGarbageCollect = true;
      extraConfig.proxy = {
        remoteurl = registryMirror.upstream;
        ttl = "168h";
      };
    };
    systemd.services.docker-registry.after = [ "network-online.target" ];
    systemd.services.docker-registry.wants = [ "network-online.target" ];

    # On loopback: an address that containers can name, and that is on no wire.
    networking.interfaces.lo.ipv4.addresses = [
      {
        inherit (registryMirror) address;
        prefixLength = 32;
      }
    ];

    services.runner-controller.network.hostServices = [ "tcp . ${toString registryMirror.port}" ];
  };
}
