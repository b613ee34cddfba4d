# What containers may reach: the internet and nothing else. The rules are ../network/containers.nft, one file with tests.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg.network) hostServices;
  table = "inet runner_containers";
in
{
  options.services.runner-controller.network.hostServices = mkOption {
    type = types.listOf (types.strMatching "(tcp|udp) \\. [0-9]+");
    default = [ ];
    example = [ "tcp . 5000" ];
    description = "Ports of the host that containers may reach all the same. Whatever listens there, on any address of the host, is open to untrusted jobs.";
  };

  config = lib.mkIf cfg.enable {
    networking.nftables = {
      enable = true;
      # Only this project's table is replaced on a reload; other programs' tables stay.
      flushRuleset = false;
      extraDeletions = ''
        table ${table}
        delete table ${table}
      '';
      ruleset = ''
        ${builtins.readFile ../network/containers.nft}
        ${lib.optionalString (hostServices != [ ]) ''
          add element ${table} host_services { ${lib.concatStringsSep ", " hostServices} }
        ''}
      '';
    };

    # The rules above let these ports through, and so must the host's own firewall.
    networking.firewall.extraInputRules = lib.concatMapStrings (service: ''
      iifname "ve-*" meta l4proto . th dport { ${service} } accept
    '') hostServices;

    # As nixpkgs' NAT module does: the same switch as ip_forward, which NixOS by itself sets to off under this name.
    boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = lib.mkOverride 99 true;

    assertions = [
      {
        assertion = !lib.any (name: lib.hasPrefix "ve-" name) config.networking.firewall.trustedInterfaces;
        message = "networking.firewall.trustedInterfaces trusts ve-…: every job would reach every port of this host. Remove it.";
      }
    ];
  };
}
