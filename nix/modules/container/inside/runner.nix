# The runner's user, and the units and hooks of ../../../container, which the tests' containers install as well.
{
  config,
  pkgs,
  ...
}:
let
  source = ../../../container;
  units = pkgs.callPackage ./units.nix { inherit source; };
  libraries = "/run/current-system/sw/share/nix-ld/lib";
in
{
  users.groups.github-runner.gid = config.runner.uid;
  users.users.github-runner = {
    isNormalUser = true;
    inherit (config.runner) uid;
    group = "github-runner";
    home = "/home/github-runner";
    createHome = true;
    extraGroups = [ "docker" ];
  };

  systemd.packages = [ units ];
  systemd.paths.github-runner.wantedBy = [ "multi-user.target" ];
  systemd.services.runner-boot = {
    wantedBy = [ "multi-user.target" ];
    path = [
      pkgs.bash
      pkgs.coreutils
    ];
  };
  systemd.services.github-runner = {
    # What steps find besides the system's packages is what their own shell adds, so this is a job's PATH.
    path = [
      pkgs.github-runner
      pkgs.util-linux
      pkgs.gnused
      config.nix.package
      config.virtualisation.docker.package
      "/run/current-system/sw"
    ];
    environment = {
      # Downloaded programs (setup-* actions, cargo-binstall) find a loader and the usual libraries.
      NIX_LD = "${libraries}/ld.so";
      NIX_LD_LIBRARY_PATH = libraries;
      # nixpkgs builds the runner with Node 24 only, as Node 20 is at its end: actions that ask for 20 run on 24, and so
      # does the runner's own hashFiles().
      FORCE_JAVASCRIPT_ACTIONS_TO_NODE24 = "true";
      ACTIONS_RUNNER_FORCED_INTERNAL_NODE_VERSION = "node24";
    };
  };

  systemd.tmpfiles.rules = [
    "d /home/github-runner/.cache 0755 github-runner github-runner -"
    "L+ /bin/bash - - - - /run/current-system/sw/bin/bash"
  ];
}
