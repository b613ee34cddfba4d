{ config, lib, ... }:
{
  virtualisation.docker = {
    enable = true;
    # By its socket: most jobs use no Docker, and an idle container is cheaper without the daemon.
    enableOnBoot = false;
    daemon.settings =
      lib.importJSON ../../../container/docker/daemon.json
      // {
        default-address-pools = [
          {
            base = config.runner.dockerAddressPool;
            size = 24;
          }
        ];
      }
      // lib.optionalAttrs (config.runner.dockerMirror != null) {
        registry-mirrors = [ config.runner.dockerMirror ];
      };
  };
}
