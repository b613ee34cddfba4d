# Everything that a runner host needs. The parts are modules of their own, for hosts that want less.
{
  imports = [
    ./controller
    ./container
    ./network.nix
  ];
}
