# What every CDK runner host has.
{ config, ... }:
{
  imports = [
    ./system.nix
    ./disk.nix
    ./hardware.nix
  ];

  services.runner-controller = {
    enable = true;
    host = config.networking.hostName;
    github.repository = "cashubtc/cdk";
    github.tokenFile = config.age.secrets.github-runner.path;
    maxConcurrentJobs = 6;
  };

  # For root alone: systemd hands the worker its copy, and no container sees either.
  age.secrets.github-runner = {
    file = ../../secrets/github-runner.age;
    path = "/run/secrets/github-runner/token";
    mode = "0400";
  };
}
