# Packages in name only. A store path says which one it is, and what a builder was given stays to be looked at.
lib:
let
  fake =
    name:
    lib.fix (self: {
      type = "derivation";
      inherit name;
      outPath = "/nix/store/${lib.fixedWidthString 32 "0" ""}-${name}";
      version = "1.0";
      meta.mainProgram = name;
      lib = fake "${name}-lib";
      out = self;
    });
  named = lib.flip lib.genAttrs fake;
in
named [
  "agenix"
  "bash"
  "bashInteractive"
  "btop"
  "cachix"
  "coreutils"
  "curl"
  "deadnix"
  "e2fsprogs"
  "findutils"
  "fish"
  "gawk"
  "gh"
  "git"
  "gitMinimal"
  "github-runner"
  "gnugrep"
  "gnupg"
  "gnused"
  "gnutar"
  "gzip"
  "helix"
  "hostname"
  "htop"
  "icu"
  "iproute2"
  "jq"
  "just"
  "lsof"
  "makeBinaryWrapper"
  "netcat"
  "nixfmt"
  "nixfmt-tree"
  "nixos-rebuild-ng"
  "nodejs_24"
  "openssl"
  "procps"
  "psmisc"
  "shellcheck"
  "shfmt"
  "sysstat"
  "temporal-cli"
  "temporal-ui-server"
  "tmux"
  "util-linux"
  "vim"
  "wget"
  "which"
  "xz"
  "zlib"
  "zstd"
]
// {
  runtimeShell = "/bin/sh";
  stdenv.cc.cc = fake "gcc";
  stdenv.hostPlatform.system = "x86_64-linux";
  linuxPackages_latest.kernel.version = "6.18";
  writeShellApplication = { name, text, ... }: fake name // { inherit text; };
  writeShellScriptBin = name: text: fake name // { inherit text; };
  mkShellNoCC = arguments: arguments;
  testers.runNixOSTest = _: fake "nixos-test";
  writeText = name: text: fake name // { inherit text; };
  runCommand =
    name: _: text:
    fake name // { inherit text; };
  linkFarm = name: _: fake name;
  formats.yaml = _: {
    type = lib.types.attrsOf lib.types.anything;
    generate = name: value: fake name // { inherit value; };
  };
  callPackage = file: _: fake (if lib.isPath file then baseNameOf (dirOf file) + "-" + baseNameOf file else "package");
  nixos = modules: { toplevel = fake "container-system" // { inherit modules; }; };
}
