# The flake's outputs with stand-ins for its inputs, as what can be written as JSON.
#   lib: path of nixpkgs' lib; flake: path of flake.nix
{ lib, flake }:
let
  nixpkgsLib = import lib;
  pkgs = import ./pkgs.nix nixpkgsLib;
  systems = [
    "aarch64-linux"
    "x86_64-linux"
  ];
  nixosSystem =
    { modules }:
    nixpkgsLib.evalModules {
      specialArgs.modulesPath = toString ./modules;
      modules = [
        ./nixos.nix
        { _module.args.pkgs = pkgs; }
      ]
      ++ modules;
    };
  outputs = (import flake).outputs {
    self = outputs // {
      outPath = dirOf flake;
    };
    nixpkgs = {
      lib = nixpkgsLib // {
        inherit nixosSystem;
      };
      legacyPackages = nixpkgsLib.genAttrs systems (_: pkgs);
      outPath = "/nix/store/nixpkgs";
    };
    disko.nixosModules.disko = { };
    agenix = {
      nixosModules.default = { };
      packages = nixpkgsLib.genAttrs systems (_: { default = pkgs.agenix; });
    };
  };
  names = builtins.mapAttrs (_: builtins.attrNames);
in
{
  packages = names outputs.packages;
  nixosModules = builtins.attrNames outputs.nixosModules;
  modulesThatAreThere = builtins.attrNames (
    nixpkgsLib.filterAttrs (_: builtins.pathExists) outputs.nixosModules
  );
  checks = names outputs.checks;
  shell = builtins.mapAttrs (_: shells: map (each: each.name) shells.default.packages) outputs.devShells;
  formatter = builtins.mapAttrs (_: each: each.name) outputs.formatter;
  hosts = builtins.mapAttrs (_: host: {
    inherit (host.config.networking) hostName;
    faults = map (entry: entry.message) (
      builtins.filter (entry: !entry.assertion) host.config.assertions
    );
  }) outputs.nixosConfigurations;
}
