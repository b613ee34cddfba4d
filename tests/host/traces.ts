import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { confDir, rootDir, runtimeDir } from './container.js';

/** What is there of a container on the host: paths, links, cgroups, and mounts in whichever namespace. */
export async function tracesOf(name: string): Promise<string[]> {
  const paths = [
    `${rootDir}/${name}`,
    `${rootDir}/.#${name}.lck`,
    `${runtimeDir}/${name}`,
    `${confDir}/${name}.conf`,
    `/nix/var/nix/profiles/per-container/${name}`,
    `/nix/var/nix/gcroots/per-container/${name}`,
    `/sys/class/net/ve-${name}`,
    `/sys/fs/cgroup/machine.slice/container@${name}.service`,
    `/run/systemd/nspawn/unix-export/${name}`,
    `/run/systemd/nspawn/propagate/${name}`,
  ];
  const mounts = await linesOf(`grep -ls '${name}' /proc/[0-9]*/mountinfo`);
  const machines = await linesOf(`machinectl list --no-legend | grep '^${name} '`);
  // systemd writes the hyphen of a path as \x2d in the name of its mount unit.
  const units = await linesOf(
    `systemctl list-units --all --plain --no-legend | grep -e '${name}' -e '${name.replace('-', '.x2d')}'`,
  );
  return [...paths.filter(existsSync), ...mounts, ...machines, ...units];
}

async function linesOf(script: string): Promise<string[]> {
  const { stdout } = await execa('sh', ['-c', script], { reject: false });
  return stdout.split('\n').filter(Boolean);
}
