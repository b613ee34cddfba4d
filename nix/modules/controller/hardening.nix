# What runner-controller.service may not do. It is root, since nixos-container and systemd demand that; so each
# exception below has its reason.
{ container }:
{
  NoNewPrivileges = true;
  CapabilityBoundingSet = [
    # The files of a container's root belong to the ids of its user namespace.
    "CAP_DAC_OVERRIDE"
    "CAP_CHOWN"
    "CAP_FOWNER"
    "CAP_FSETID"
    # nixos-container destroy: `chattr -i` on var/empty, waits for the container's leader with kill 0, unmounts.
    "CAP_LINUX_IMMUTABLE"
    "CAP_KILL"
    "CAP_SYS_ADMIN"
  ];

  ProtectSystem = "strict";
  ReadWritePaths = [
    container.configurationDirectory
    container.stateDirectory
    container.runtimeDirectory
    # Profiles of containers, and the lock under which nixos-container picks addresses.
    "/nix/var/nix/profiles/per-container"
    "/nix/var/nix/gcroots/per-container"
    "/run/lock"
  ];
  ProtectHome = true;
  PrivateTmp = true;
  PrivateDevices = true;
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  # nixos-container asks for the containers' leaders, so other processes stay visible.
  ProtectProc = "default";

  RestrictAddressFamilies = [
    "AF_INET"
    "AF_INET6"
    # systemd, machined and the Nix daemon.
    "AF_UNIX"
    # Node looks up the machine's addresses.
    "AF_NETLINK"
  ];
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  LockPersonality = true;
  # V8 compiles to memory that it writes and runs.
  MemoryDenyWriteExecute = false;
  SystemCallArchitectures = "native";
  SystemCallFilter = [
    "@system-service"
    # `umount` in nixos-container destroy.
    "@mount"
  ];
  SystemCallErrorNumber = "EPERM";
  UMask = "0077";
}
