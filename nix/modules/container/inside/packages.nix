# What CDK's jobs, and GitHub's usual actions, expect to find.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  libraries = [
    pkgs.stdenv.cc.cc.lib
    pkgs.icu
    pkgs.openssl
    pkgs.zlib
  ];
in
{
  environment.systemPackages =
    with pkgs;
    [
      bashInteractive
      cachix
      coreutils
      curl
      findutils
      gawk
      gh
      git
      gnugrep
      gnupg
      gnutar
      gzip
      hostname
      htop
      iproute2
      jq
      just
      lsof
      netcat
      procps
      vim
      wget
      which
      xz
      zstd
    ]
    ++ libraries
    ++ config.runner.extraPackages pkgs;

  programs.nix-ld = {
    enable = true;
    inherit libraries;
  };

  # For programs that are started from a login shell and look for libraries by themselves.
  environment.sessionVariables.LD_LIBRARY_PATH = lib.makeLibraryPath libraries;
}
