# One job, from queue to clean host, in a real NixOS container on a NixOS machine with Temporal on PostgreSQL. GitHub
# is the simulated one, and the runner program the stand-in that speaks to it.
self:
{ lib, ... }:
let
  # A documentation address (RFC 5737) on loopback stands for the internet: containers may reach those.
  github = "198.51.100.7";
  port = 9000;
  repository = "cashubtc/cdk";
in
{
  name = "one-job";

  nodes.host =
    { pkgs, ... }:
    let
      project = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
      # The simulated GitHub checks itself with packages that a worker has no use for.
      withSimulators = project.overrideAttrs { dontNpmPrune = true; };
      token = pkgs.writeText "token" "a-token-for-the-simulated-github";
      standIn = pkgs.runCommand "stand-in-runner" { buildInputs = [ pkgs.python3 ]; } ''
        mkdir -p $out/bin
        cp -r ${../../simulators/runner}/. $out/bin
        chmod -R u+w $out
        patchShebangs $out/bin
      '';
    in
    {
      imports = [
        self.nixosModules.default
        self.nixosModules.temporal-server
      ];
      virtualisation = {
        memorySize = 4096;
        cores = 2;
        # A disk with its own store, as a host has. The store that a test's machine usually borrows is an overlay, which
        # can't be mounted with a container's ids.
        useBootLoader = true;
        diskSize = 20480;
      };

      services.runner-temporal-server.enable = true;
      services.runner-controller = {
        enable = true;
        host = "vm";
        package = project;
        github = {
          inherit repository;
          # Not a secret, and so it may be a file that anyone can read.
          tokenFile = "/etc/github-token";
          apiUrl = "http://${github}:${toString port}";
        };
        maxConcurrentJobs = 1;
        pollInterval = 1;
        minFreeDisk = 0;
        container.nix.minFree = null;
        container.limits.memoryMax = "1G";
        container.limits.memoryHigh = "900M";
        # The stand-in comes first on the PATH, before the real program.
        container.modules = [
          { systemd.services.github-runner.path = lib.mkBefore [ standIn ]; }
        ];
        network.hostServices = [ "tcp . ${toString port}" ];
      };
      environment.systemPackages = [
        pkgs.curl
        pkgs.jq
      ];
      environment.etc."github-token" = {
        source = token;
        mode = "0400";
      };

      networking.interfaces.lo.ipv4.addresses = [
        {
          address = github;
          prefixLength = 32;
        }
      ];
      systemd.services.simulated-github = {
        wantedBy = [ "multi-user.target" ];
        before = [ "runner-controller.service" ];
        after = [ "network.target" ];
        # Its address may come a moment later.
        serviceConfig.Restart = "on-failure";
        serviceConfig.RestartSec = 1;
        serviceConfig.ExecStart = lib.concatStringsSep " " [
          "${lib.getExe pkgs.nodejs_24}"
          "${withSimulators}/lib/node_modules/cdk-runner-pool/dist/simulators/github/main.js"
          "--repository ${repository}"
          "--token-file ${token}"
          "--host ${github}"
          "--port ${toString port}"
        ];
      };
    };

  testScript = builtins.readFile ./one-job.py;
}
