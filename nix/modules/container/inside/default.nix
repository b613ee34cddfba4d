# The inside of a runner container, as a NixOS system. One serves every container of a host: what differs, such as the
# host name, systemd-nspawn sets.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  imports = [
    ./base.nix
    ./runner.nix
    ./packages.nix
    ./docker.nix
    ./nix.nix
  ];

  options.runner = {
    uid = mkOption {
      type = types.int;
      default = 1000;
      description = "Uid of the runner's user.";
    };
    nameservers = mkOption {
      type = types.listOf types.str;
      default = [ "1.1.1.1" ];
      description = "Resolvers; they must be on the internet.";
    };
    extraPackages = mkOption {
      type = types.functionTo (types.listOf types.package);
      default = _: [ ];
      description = "Packages besides the usual ones.";
    };
    dockerMirror = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Pull-through cache of Docker Hub on the host.";
    };
    dockerAddressPool = mkOption {
      type = types.str;
      default = "172.16.0.0/12";
      description = "Network that Docker takes subnets from.";
    };
    nix = {
      substituters = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Binary caches that the host's daemon allows.";
      };
      trustedPublicKeys = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Their keys.";
      };
      accessToken = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the host hands over a token for flake fetches.";
      };
    };
  };
}
