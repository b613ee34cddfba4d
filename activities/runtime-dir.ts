import { chmod, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../workflows/failures.js';
import { slotOf } from '../workflows/policy/names.js';
import { describeExit, runCommand } from './run-command.js';

/** What a container and its host share: `in/` is read-only in the container, `out/` is written by it. */
export interface RuntimePaths {
  dir: string;
  in: string;
  out: string;
  jitConfig: string;
}

const removalTimeoutMs = 30_000;

/** The paths of one container. Error: ConfigInvalid for a name that is not one of ours, before any path is built. */
export function runtimePaths(runtimeDir: string, name: string): RuntimePaths {
  assertContainerName(name);
  const dir = join(runtimeDir, name);
  return { dir, in: join(dir, 'in'), out: join(dir, 'out'), jitConfig: join(dir, 'in', 'jitconfig') };
}

/** Error: ConfigInvalid. A name becomes part of paths and arguments, so nothing but our own pattern gets that far. */
export function assertContainerName(name: string): void {
  if (slotOf(name) === null) {
    throw failure('ConfigInvalid', `${JSON.stringify(name)} is not the name of one of our containers.`);
  }
}

/** Makes NAME/in and NAME/out. What is there stays. */
export async function createRuntimeDir(runtimeDir: string, name: string): Promise<RuntimePaths> {
  const paths = runtimePaths(runtimeDir, name);
  await mkdir(runtimeDir, { recursive: true, mode: 0o700 });
  await mkdir(paths.dir, { recursive: true, mode: 0o700 });
  // Mounted with idmap, host root's directory is container root's, which decides who else may write into it.
  for (const path of [paths.in, paths.out]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
  return paths;
}

/** Removes NAME and all that a container left in it. Only after the container's end. Error: ContainerNotRemoved. */
export async function removeRuntimeDir(runtimeDir: string, name: string, start = runCommand): Promise<void> {
  const { dir } = runtimePaths(runtimeDir, name);
  if (!(await exists(dir))) return;
  // Not fs.rm: it goes by whole paths, which a deep enough tree in `out/` makes too long to remove.
  const command = {
    program: 'rm',
    args: ['-rf', '--one-file-system', '--', dir],
    timeoutMs: removalTimeoutMs,
  };
  const result = await start(command);
  if (result.exitCode !== 0) throw failure('ContainerNotRemoved', describeExit(command, result));
}

/**
 * Hands the JIT configuration to the container, which waits for the file. It appears whole or not at all, readable
 * by root only. Error: ContainerLost when the directory is gone.
 */
export async function handOver(runtimeDir: string, name: string, jitConfig: string): Promise<void> {
  const paths = runtimePaths(runtimeDir, name);
  const unfinished = `${paths.jitConfig}.unfinished`;
  try {
    await rm(unfinished, { force: true });
    await writeFile(unfinished, jitConfig, { mode: 0o400, flag: 'wx' });
    await rename(unfinished, paths.jitConfig);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw containerLost(paths.in);
    throw error;
  }
}

/** Whether a JIT configuration has been handed over. */
export async function isHandedOver(runtimeDir: string, name: string): Promise<boolean> {
  return exists(runtimePaths(runtimeDir, name).jitConfig);
}

/** The failure for a container whose directory is gone. */
export function containerLost(path: string) {
  return failure('ContainerLost', `The container is gone: its directory ${path} does not exist any more.`);
}

/** Whether there is something at the path, be it a dangling link. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
