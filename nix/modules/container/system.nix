{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) container;
in
{
  options.services.runner-controller.container = {
    modules = mkOption {
      type = types.listOf types.deferredModule;
      default = [ ];
      example = lib.literalExpression "[ ({ pkgs, ... }: { environment.systemPackages = [ pkgs.ripgrep ]; }) ]";
      description = "NixOS modules for the inside of the containers, besides this project's. What they contain can be read by every job.";
    };

    extraPackages = mkOption {
      type = types.functionTo (types.listOf types.package);
      default = _: [ ];
      defaultText = lib.literalExpression "pkgs: [ ]";
      example = lib.literalExpression "pkgs: [ pkgs.ripgrep ]";
      description = "Packages that jobs find on their PATH besides the usual ones.";
    };

    system = mkOption {
      type = types.path;
      # The host's own nixpkgs: nothing is evaluated or downloaded when a container is made.
      default =
        (pkgs.nixos (
          [
            ./inside
            {
              runner = {
                inherit (container) extraPackages nameservers dockerAddressPool;
                uid = container.runnerUid;
                nix = {
                  inherit (container.nix) substituters trustedPublicKeys;
                  accessToken = container.nix.accessTokenFile != null;
                };
                dockerMirror = if container.registryMirror.enable then container.registryMirror.url else null;
              };
            }
          ]
          ++ container.modules
        )).toplevel;
      defaultText = lib.literalMD "the NixOS system of `nix/modules/container/inside`, built with the host's";
      description = ''
        The built system of every container. When it changes, idle and standby containers are replaced, and busy ones
        finish their job first.
      '';
    };
  };

  # The worker's unit names it, which also keeps it from garbage collection.
  config = lib.mkIf cfg.enable { system.extraDependencies = [ container.system ]; };
}
