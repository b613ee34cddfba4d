# The NixOS options that the modules set, with NixOS' own types as far as they matter here. An option that a module
# sets and that is not here fails the evaluation: it is added after a look into nixpkgs.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  bool = option types.bool false;
  lines = option types.lines "";
  strings = option (types.listOf types.str) [ ];
  packages = option (types.listOf types.raw) [ ];
  freeform = option (types.attrsOf types.anything) { };

  # As in systemd-unit-options.nix: several definitions of a list-valued setting add up.
  unitSettings = option (types.attrsOf (
    lib.mkOptionType {
      name = "systemd option";
      merge =
        loc: definitions:
        if lib.any (definition: lib.isList definition.value) definitions then
          lib.concatMap (definition: lib.toList definition.value) definitions
        else
          lib.mergeEqualOption loc definitions;
    }
  )) { };

  common = {
    enable = option types.bool true;
    description = option types.str "";
    documentation = strings;
    wants = strings;
    requires = strings;
    after = strings;
    before = strings;
    wantedBy = strings;
    conflicts = strings;
    unitConfig = unitSettings;
    restartTriggers = option (types.listOf types.str) [ ];
    overrideStrategy = option types.str "asDropinIfExists";
  };
  unit = extra: types.submodule { options = common // extra; };
  service = unit {
    path = packages;
    environment = option (types.attrsOf types.str) { };
    serviceConfig = unitSettings;
    script = lines;
    restartIfChanged = option types.bool true;
    stopIfChanged = option types.bool true;
    startAt = option (types.either types.str (types.listOf types.str)) [ ];
  };
in
{
  options = {
    assertions = option (types.listOf types.raw) [ ];
    warnings = strings;
    age.secrets = freeform;
    boot = {
      enableContainers = bool;
      initrd = freeform;
      kernelModules = strings;
      loader = freeform;
      isNspawnContainer = bool;
      tmp.cleanOnBoot = bool;
      kernel.sysctl = option (types.attrsOf types.anything) { };
      kernelPackages = option types.raw { kernel.version = "6.18"; };
    };
    disko = freeform;
    documentation.enable = option types.bool true;
    environment = {
      systemPackages = packages;
      variables = option (types.attrsOf types.str) { };
      sessionVariables = option (types.attrsOf types.str) { };
    };
    fileSystems = freeform;
    fonts.fontconfig.enable = option types.bool true;
    hardware = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options.enableRedistributableFirmware = bool;
      };
    };
    networking = {
      hostName = option types.str "host";
      useDHCP = option types.bool true;
      useHostResolvConf = bool;
      nameservers = strings;
      interfaces = freeform;
      wireguard.interfaces = freeform;
      nftables = {
        enable = bool;
        flushRuleset = bool;
        extraDeletions = lines;
        ruleset = lines;
      };
      firewall = {
        enable = option types.bool true;
        extraInputRules = lines;
        trustedInterfaces = strings;
        allowPing = option types.bool true;
        allowedUDPPorts = option (types.listOf types.port) [ ];
        allowedTCPPorts = option (types.listOf types.port) [ ];
        interfaces = freeform;
      };
    };
    nix = {
      package = option types.raw "/nix/store/00000000000000000000000000000000-nix";
      extraOptions = lines;
      gc = freeform;
      settings = mkOption {
        default = { };
        type = types.submodule {
          freeformType = types.attrsOf types.anything;
          options.trusted-users = option (types.listOf types.str) [ "root" ];
        };
      };
    };
    nixpkgs.hostPlatform = option types.str "x86_64-linux";
    programs = {
      fish.enable = bool;
      command-not-found.enable = option types.bool true;
      nix-ld = {
        enable = bool;
        libraries = packages;
      };
    };
    security.sudo.wheelNeedsPassword = option types.bool true;
    services = {
      openssh = freeform;
      sysstat = freeform;
      dockerRegistry = freeform;
      journald.extraConfig = lines;
      logrotate.enable = option types.bool true;
      postgresqlBackup = freeform;
      prometheus.exporters.node = freeform;
      resolved.enable = option types.bool true;
      temporal = {
        enable = bool;
        package = option types.raw "/nix/store/00000000000000000000000000000000-temporal";
        settings = freeform;
      };
      postgresql = {
        enable = bool;
        enableTCPIP = bool;
        package = option types.raw "/nix/store/00000000000000000000000000000000-postgresql";
        ensureDatabases = strings;
        ensureUsers = option (types.listOf types.raw) [ ];
      };
    };
    system = {
      stateVersion = option types.str "26.05";
      extraDependencies = packages;
    };
    systemd = {
      package = option types.raw "/nix/store/00000000000000000000000000000000-systemd";
      packages = packages;
      services = option (types.attrsOf service) { };
      paths = option (types.attrsOf (unit { pathConfig = unitSettings; })) { };
      slices = option (types.attrsOf (unit { sliceConfig = unitSettings; })) { };
      mounts = option (types.listOf (unit {
        what = option types.str "";
        where = option types.str "";
        type = option types.str "";
        options = option types.str "";
      })) [ ];
      tmpfiles = {
        rules = strings;
        settings = freeform;
      };
    };
    time.timeZone = option (types.nullOr types.str) null;
    users = {
      mutableUsers = option types.bool true;
      allowNoPasswordLogin = bool;
      users = freeform;
      groups = freeform;
    };
    virtualisation.docker = {
      enable = bool;
      enableOnBoot = option types.bool true;
      package = option types.raw "/nix/store/00000000000000000000000000000000-docker";
      daemon.settings = option (types.attrsOf types.anything) { };
    };
    xdg.mime.enable = option types.bool true;
  };
}
