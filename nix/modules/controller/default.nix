# The worker service of a runner host: one pool of ephemeral GitHub Actions runners.
{
  imports = [
    ./options.nix
    ./github.nix
    ./temporal.nix
    ./environment.nix
    ./service.nix
    ./token.nix
    ./commands.nix
  ];
}
