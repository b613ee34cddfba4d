# A Temporal server with its PostgreSQL and Web UI on one NixOS machine, for all runner hosts. Over nixpkgs'
# services.temporal, which runs the server only.
{
  imports = [
    ./options.nix
    ./settings.nix
    ./database.nix
    ./namespace.nix
    ./ui.nix
  ];
}
