# Evaluates modules of this project against the stand-ins and gives what can be written as JSON.
#   lib: path of nixpkgs' lib; modules: paths of modules; settings: path of a JSON or Nix file with the configuration
{
  lib,
  modules,
  settings,
}:
let
  nixpkgsLib = import lib;
  evaluated = nixpkgsLib.evalModules {
    specialArgs.modulesPath = toString ./modules;
    modules = [
      ./nixos.nix
      { _module.args.pkgs = import ./pkgs.nix nixpkgsLib; }
    ]
    ++ map (module: /. + module) modules
    ++ [ (import (/. + settings)) ];
  };
  inherit (evaluated) config;

  # Packages become their store path, and what only Nix can hold is left out.
  plain =
    value:
    if nixpkgsLib.isDerivation value then
      "${value}"
    else if nixpkgsLib.isFunction value then
      "<function>"
    else if nixpkgsLib.isAttrs value then
      nixpkgsLib.mapAttrs (_: plain) value
    else if nixpkgsLib.isList value then
      map plain value
    else if nixpkgsLib.isPath value then
      toString value
    else
      value;
in
{
  faults = map (entry: entry.message) (nixpkgsLib.filter (entry: !entry.assertion) config.assertions);
  config = plain (
    removeAttrs config [
      "assertions"
      "_module"
    ]
  );
}
