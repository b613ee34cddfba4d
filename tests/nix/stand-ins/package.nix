# What package.nix gives to nixpkgs' builder, as what can be written as JSON.
#   lib: path of nixpkgs' lib; package: path of package.nix
{ lib, package }:
let
  nixpkgsLib = import lib;
  pkgs = import ./pkgs.nix nixpkgsLib;
in
import package {
  # fileset asks for a newer Nix than Debian's.
  lib = nixpkgsLib // {
    fileset = {
      toSource = { root, fileset }: map (path: nixpkgsLib.removePrefix "${toString root}/" path) fileset;
      unions = map toString;
      difference = whole: _: whole;
    };
  };
  inherit (pkgs) nodejs_24;
  stdenv.hostPlatform.parsed.cpu.name = "x86_64";
  buildNpmPackage = arguments: { inherit (arguments) pname src npmFlags npmDeps npmConfigHook; };
  importNpmLock = {
    __functor = _: { npmRoot }: "the packages of ${baseNameOf (toString npmRoot)}/package-lock.json";
    npmConfigHook = "its hook";
  };
}
