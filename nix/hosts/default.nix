# The machines: what sets each apart. What they share is in runner.nix.
let
  keys = import ./keys.nix;
  addresses = {
    cdk-runner-01 = "10.100.0.1";
    cdk-runner-02 = "10.100.0.2";
  };
  peer = name: {
    address = addresses.${name};
    publicKey = keys.wireguard.${name};
  };
in
{
  cdk-runner-01 = {
    imports = [ ./runner.nix ];
    networking.hostName = "cdk-runner-01";
    services.runner-controller.extraLabels = [ "fuzz-a" ];

    services.runner-wireguard = {
      enable = true;
      address = addresses.cdk-runner-01;
      peers.cdk-runner-02 = peer "cdk-runner-02";
    };
    # This host runs Temporal for all; docs/temporal-server.md has a third machine and TLS.
    services.runner-temporal-server = {
      enable = true;
      address = addresses.cdk-runner-01;
      privateInterface = "wg0";
    };
    services.runner-controller.temporal = {
      address = "${addresses.cdk-runner-01}:7233";
      viaPrivateNetwork = true;
    };
  };

  cdk-runner-02 = {
    imports = [ ./runner.nix ];
    networking.hostName = "cdk-runner-02";
    services.runner-controller.extraLabels = [ "fuzz-b" ];

    services.runner-wireguard = {
      enable = true;
      address = addresses.cdk-runner-02;
      peers.cdk-runner-01 = peer "cdk-runner-01" // {
        endpoint = "cdk-runner-01.cashudevkit.org:51820";
      };
    };
    services.runner-controller.temporal = {
      address = "${addresses.cdk-runner-01}:7233";
      viaPrivateNetwork = true;
    };
  };
}
