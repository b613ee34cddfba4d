# The containers of a runner host: their system, which is evaluated once with the host's, and the host's side of them.
{
  imports = [
    ./options.nix
    ./system.nix
    ./host.nix
    ./limits.nix
    ./nix-daemon.nix
    ./scratch.nix
    ./registry-mirror.nix
  ];
}
