# `nix flake check`: the package, the configurations, one job in a real container in a virtual machine, and style.
{
  self,
  lib,
  pkgs,
  system,
}:
let
  # A module that evaluates on its own gives a system; its derivation is not built.
  evaluates =
    name: module:
    let
      machine = lib.nixosSystem {
        modules = [
          module
          {
            nixpkgs.hostPlatform = system;
            boot.loader.grub.enable = false;
            fileSystems."/".device = "none";
            system.stateVersion = "26.05";
          }
        ];
      };
    in
    pkgs.writeText "evaluated-${name}" (
      builtins.unsafeDiscardStringContext machine.config.system.build.toplevel.drvPath
    );

  lint =
    name: tools: command:
    pkgs.runCommand "lint-${name}" { nativeBuildInputs = tools; } ''
      cd ${self}
      ${command}
      touch $out
    '';
in
{
  package = self.packages.${system}.default;

  temporal-server = evaluates "temporal-server" {
    imports = [ self.nixosModules.temporal-server ];
    services.runner-temporal-server.enable = true;
  };
  runner-host = evaluates "runner-host" {
    imports = [
      self.nixosModules.default
      self.nixosModules.monitoring
    ];
    services.runner-controller = {
      enable = true;
      github.repository = "owner/repository";
      github.tokenFile = "/run/secrets/token";
    };
  };

  nixfmt = lint "nixfmt" [ pkgs.nixfmt ] "find . -name '*.nix' -exec nixfmt --check {} +";
  deadnix = lint "deadnix" [ pkgs.deadnix ] "deadnix --fail .";
  just = lint "just" [ pkgs.just ] "just --justfile justfile --evaluate >/dev/null";
}
// lib.optionalAttrs (system == "x86_64-linux") (
  lib.mapAttrs' (name: machine: {
    name = "host-${name}";
    value = pkgs.writeText "evaluated-${name}" (
      builtins.unsafeDiscardStringContext machine.config.system.build.toplevel.drvPath
    );
  }) self.nixosConfigurations
  // {
    one-job = pkgs.testers.runNixOSTest (import ./one-job.nix self);
  }
)
