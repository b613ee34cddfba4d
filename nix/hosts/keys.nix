# Public keys: of the people who administer the hosts and edit secrets, and of the hosts, which decrypt secrets.
{
  admins = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA5JHd6Y0gX77Niuauv9SPxd1ZdrVsBSSIJdJZPpJVe8 root@nix-box"
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJiA6Oq79afOa48iyOVfs7iVbs3Ug9Elj8GdtWLs2UcD tsk@thesimplekid.com"
  ];

  # `just host-key-runner-01` prints the key of a fresh machine.
  hosts = {
    cdk-runner-01 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPHlPwGbh8WFCHWMnjn5KXY7nwlpBN1kT6CkT/eHZoVi root@cdk-runner-01";
    cdk-runner-02 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlwEpIsB/l+ZMqZjHK5Hha02Mk3wKhBh6wLa78TNiHK root@cdk-runner-02";
  };

  # `just wireguard-key-runner-01` prints it once the machine has been bootstrapped; null until then.
  wireguard = {
    cdk-runner-01 = null;
    cdk-runner-02 = null;
  };
}
