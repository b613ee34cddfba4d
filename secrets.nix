# Who can decrypt which secret: agenix reads this. After a change: `just agenix-rekey`.
let
  keys = import ./nix/hosts/keys.nix;
in
{
  "secrets/github-runner.age".publicKeys = keys.admins ++ [
    keys.hosts.cdk-runner-01
    keys.hosts.cdk-runner-02
  ];
}
