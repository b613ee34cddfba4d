# The operators' commands, with the worker's settings built in: as root, one just types `runner-status`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.runner-controller;

  settings = lib.concatLists (
    lib.mapAttrsToList (name: value: [
      "--set-default"
      name
      value
    ]) cfg.environment
  );

  commands = pkgs.runCommand "runner-commands" { nativeBuildInputs = [ pkgs.makeBinaryWrapper ]; } ''
    mkdir -p $out/bin
    for command in ${
      lib.escapeShellArgs [
        "runner-status"
        "runner-storage"
        "runner-drain"
        "runner-resume"
        "runner-history"
        "cleanup-github-runners"
        "cleanup-all-containers"
      ]
    }; do
      makeBinaryWrapper ${cfg.package}/bin/$command $out/bin/$command ${lib.escapeShellArgs settings}
    done
  '';
in
{
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [
      commands
      pkgs.temporal-cli
    ];

    # For `temporal workflow …` by hand.
    environment.variables = lib.filterAttrs (name: _: lib.hasPrefix "TEMPORAL_" name) cfg.environment;
  };
}
