{
  description = "Warm pools of ephemeral NixOS-container GitHub Actions runners, orchestrated by Temporal";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    disko = {
      url = "github:nix-community/disko";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    agenix = {
      url = "github:ryantm/agenix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    {
      self,
      nixpkgs,
      disko,
      agenix,
    }:
    let
      inherit (nixpkgs) lib;
      eachSystem =
        outputs:
        lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
          system: outputs nixpkgs.legacyPackages.${system} system
        );
    in
    {
      packages = eachSystem (
        pkgs: _: {
          default = pkgs.callPackage ./nix/package.nix { };
        }
      );

      nixosModules = {
        default = ./nix/modules;
        controller = ./nix/modules/controller;
        container = ./nix/modules/container;
        network = ./nix/modules/network.nix;
        monitoring = ./nix/modules/monitoring.nix;
        temporal-server = ./nix/modules/temporal-server;
        wireguard = ./nix/modules/wireguard.nix;
      };

      nixosConfigurations = lib.mapAttrs (
        _: machine:
        lib.nixosSystem {
          modules = [
            disko.nixosModules.disko
            agenix.nixosModules.default
            self.nixosModules.default
            self.nixosModules.monitoring
            self.nixosModules.temporal-server
            self.nixosModules.wireguard
            machine
          ];
        }
      ) (import ./nix/hosts);

      checks = eachSystem (
        pkgs: system:
        import ./nix/tests {
          inherit
            self
            lib
            pkgs
            system
            ;
        }
      );

      devShells = eachSystem (
        pkgs: system: {
          default = pkgs.mkShellNoCC {
            packages = [
              agenix.packages.${system}.default
              pkgs.deadnix
              pkgs.just
              pkgs.nixfmt
              # By the name that the recipes use, whatever nixpkgs calls it, for people who are not on NixOS.
              (pkgs.writeShellScriptBin "nixos-rebuild" ''exec ${lib.getExe pkgs.nixos-rebuild-ng} "$@"'')
              pkgs.nodejs_24
              pkgs.shellcheck
              pkgs.shfmt
              pkgs.temporal-cli
            ];
            NIXPKGS_LIB = "${nixpkgs}/lib";
          };
        }
      );

      formatter = eachSystem (pkgs: _: pkgs.nixfmt-tree);
    };
}
