import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { logSuffix } from '../../activities/prune-logs.js';
import { runCommand } from '../../activities/run-command.js';
import { errorCode } from '../../activities/runtime-dir.js';
import type { HostConfig } from '../../workers/config.js';
import { failureMessage } from '../../workflows/failures.js';
import { slotOf } from '../../workflows/policy/names.js';

/** The disk below a path. Sizes in bytes. */
export interface Disk {
  what: string;
  path: string;
  /** Null when the path does not exist. */
  space: { size: number; used: number; free: number } | null;
}

export interface Size {
  name: string;
  /** Null when it could not be measured. */
  bytes: number | null;
  trouble?: string;
}

export interface Storage {
  disks: Disk[];
  containers: Size[];
  logs: { files: number; bytes: number; oldestAt: string | null };
  /** What the host's own Docker holds; null when it has none. */
  docker: Size | null;
}

const dockerDir = '/var/lib/docker';
const measureTimeoutMs = 120_000;

/** What takes the disk of this machine. Absent things are told as absent, never as an error. */
export async function readStorage({ runtimeDir, rootDir, logDir }: HostConfig): Promise<Storage> {
  const places = {
    Containers: rootDir,
    'Event files': runtimeDir,
    Logs: logDir,
    'Nix store': '/nix/store',
    Docker: dockerDir,
  };
  const disks = Object.entries(places).map(async ([what, path]) => ({
    what,
    path,
    space: await spaceOf(path),
  }));
  const names = (await entriesOf(rootDir)).filter((name) => slotOf(name) !== null).sort();
  const containers: Size[] = [];
  // One after another: to measure is to read a whole tree, and jobs want the disk too.
  for (const name of names) containers.push(await measure(name, join(rootDir, name)));
  const hasDocker = (await entriesOf(dockerDir)).length > 0;
  return {
    disks: await Promise.all(disks),
    containers,
    logs: await logsIn(logDir),
    docker: hasDocker ? await measure('docker', dockerDir) : null,
  };
}

async function spaceOf(path: string): Promise<Disk['space']> {
  try {
    const { blocks, bfree, bavail, bsize } = await statfs(path);
    return { size: blocks * bsize, used: (blocks - bfree) * bsize, free: bavail * bsize };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** With what lies on its own disk only: a container mounts the host's store. */
async function measure(name: string, path: string): Promise<Size> {
  try {
    const command = {
      program: 'du',
      args: ['--summarize', '--one-file-system', '--block-size=1', '--', path],
    };
    const { stdout, exitCode, stderr } = await runCommand({ ...command, timeoutMs: measureTimeoutMs });
    const bytes = Number.parseInt(stdout, 10);
    if (Number.isNaN(bytes))
      return { name, bytes: null, trouble: stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}` };
    // What went away, or was out of bounds, while it was measured does not change the picture.
    return { name, bytes };
  } catch (error) {
    return { name, bytes: null, trouble: failureMessage(error) };
  }
}

async function logsIn(logDir: string): Promise<Storage['logs']> {
  const names = (await entriesOf(logDir)).filter((name) => name.endsWith(logSuffix));
  const files = (await Promise.all(names.map((name) => sizeAndTime(join(logDir, name))))).flat();
  const oldest = Math.min(...files.map(({ modifiedAt }) => modifiedAt));
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    oldestAt: files.length > 0 ? new Date(oldest).toISOString() : null,
  };
}

async function sizeAndTime(path: string) {
  try {
    const { size, mtimeMs } = await lstat(path);
    return [{ bytes: size, modifiedAt: mtimeMs }];
  } catch (error) {
    // Pruned since it was listed.
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}
