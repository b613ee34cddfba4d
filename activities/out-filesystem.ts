import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, failureMessage } from '../workflows/failures.js';
import type { RunCommand } from './command-runner.js';
import { describeExit } from './run-command.js';
import { errorCode } from './runtime-dir.js';

const timeoutMs = 20_000;
const bytesPerInode = 4096;

/**
 * Gives a container's `out/` a filesystem of its own, of `bytes` and as few names, so that a job that fills it fills
 * no other's. Resolves to the reason where that can't be done: `out/` stays a plain directory then.
 */
export async function mountOut(out: string, bytes: number, start: RunCommand): Promise<string | undefined> {
  const size = `size=${bytes},nr_inodes=${Math.ceil(bytes / bytesPerInode)}`;
  // By systemd, in the host's mount namespace: a mount of the worker's own would stay in the sandbox of its unit.
  const command = systemdMount([
    '--collect',
    '--type=tmpfs',
    `--options=mode=0755,nosuid,nodev,noexec,${size}`,
    // The worker may be reading an event while it is unmounted.
    '--property=LazyUnmount=yes',
    'runner-out',
    out,
  ]);
  try {
    const result = await start(command);
    if (result.exitCode !== 0) return describeExit(command, result);
    if (await isMountPoint(out)) return undefined;
    // Events would be written where this process does not see them.
    await start(systemdMount(['--umount', out]));
    return `What systemd mounts does not show in this process's mount namespace.`;
  } catch (error) {
    return failureMessage(error);
  }
}

/** Unmounts `out/` where it is a filesystem of its own, and with it all that is in it. Error: ContainerNotRemoved. */
export async function unmountOut(out: string, start: RunCommand): Promise<void> {
  if (!(await isMountPoint(out))) return;
  const command = systemdMount(['--umount', out]);
  const result = await start(command);
  if (await isMountPoint(out)) throw failure('ContainerNotRemoved', describeExit(command, result));
}

function systemdMount(args: string[]) {
  return { program: 'systemd-mount', args: ['--quiet', '--no-ask-password', ...args], timeoutMs };
}

async function isMountPoint(path: string): Promise<boolean> {
  try {
    const [own, parent] = await Promise.all([lstat(path), lstat(dirname(path))]);
    return own.dev !== parent.dev;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
