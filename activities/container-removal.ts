import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, failureMessage } from '../workflows/failures.js';
import type { RunCommand } from './command-runner.js';
import { confPath, unfinishedConf } from './container-conf.js';
import { unmountOut } from './out-filesystem.js';
import { describeExit, type Command } from './run-command.js';
import { exists, removeRuntimeDir, runtimePaths } from './runtime-dir.js';

/** Where a host keeps its containers, and with which program. */
export interface ContainerPlaces {
  /** Path of the nixos-container program. */
  nixosContainer: string;
  runtimeDir: string;
  /** /etc/nixos-containers. */
  confDir: string;
  /** /var/lib/nixos-containers. */
  rootDir: string;
}

export interface RemovalOptions extends ContainerPlaces {
  /** Longest time for `nixos-container destroy`. */
  destroyMs?: number;
  /** Time that a container has to stop before it is killed. */
  stopBeforeDestroyMs?: number;
  runCommand: RunCommand;
  warn: (message: string, details: Record<string, unknown>) => void;
}

export interface ContainerRemoval {
  /** Removes a container and everything made for it, running or not. Missing is success. Error: ContainerNotRemoved. */
  destroy: (name: string) => Promise<void>;
  /** Paths that a container still has. */
  leftOf: (name: string) => Promise<string[]>;
}

const killTimeoutMs = 20_000;

/** How containers are removed, by the activities and by commands that have to do without Temporal. */
export function createContainerRemoval(options: RemovalOptions): ContainerRemoval {
  const { nixosContainer, runtimeDir, confDir, rootDir, runCommand, warn } = options;
  const { destroyMs = 60_000, stopBeforeDestroyMs = 20_000 } = options;
  const command = (args: string[], timeoutMs: number) => ({ program: nixosContainer, args, timeoutMs });

  const pathsOf = (name: string) => ({
    conf: confPath(confDir, name),
    root: join(rootDir, name),
    runtime: runtimePaths(runtimeDir, name).dir,
  });

  async function leftOf(name: string): Promise<string[]> {
    const paths = Object.values(pathsOf(name));
    const there = await Promise.all(paths.map(exists));
    return paths.filter((_path, index) => there[index]);
  }

  async function destroy(name: string): Promise<void> {
    const { conf, root } = pathsOf(name);
    // nixos-container removes only what it has a conf of, and knows best how: what is mounted below the root, its
    // immutable directory, profiles and garbage collector roots.
    if (!(await exists(conf)) && (await exists(root))) {
      await mkdir(confDir, { recursive: true });
      await writeFile(conf, '');
    }
    if (await exists(conf)) {
      await stopFirst(name);
      const destroying = command(['destroy', name], destroyMs);
      const result = await runCommand(destroying);
      if (result.exitCode !== 0) throw failure('ContainerNotRemoved', describeExit(destroying, result));
    }
    await rm(unfinishedConf(conf), { force: true });
    // The lock that a killed systemd-nspawn --ephemeral leaves beside the root.
    await rm(join(rootDir, `.#${name}.lck`), { force: true });
    await unmountOut(runtimePaths(runtimeDir, name).out, runCommand);
    await removeRuntimeDir(runtimeDir, name, runCommand);
    const left = await leftOf(name);
    if (left.length > 0) {
      throw failure(
        'ContainerNotRemoved',
        `Container ${name} is destroyed, but ${left.join(' and ')} still exists.`,
      );
    }
  }

  /**
   * `destroy` ends a container that is up, but sees none that systemd is just starting or stopping: its root would be
   * removed beneath it. And a job can make its container's stop as long as it likes.
   */
  async function stopFirst(name: string): Promise<void> {
    const stop = command(['stop', name], stopBeforeDestroyMs);
    const problem = await problemOf(stop);
    if (problem === undefined) return;
    warn('container does not stop', { container: name, problem });
    const kill = {
      program: 'systemctl',
      args: ['kill', '--signal=SIGKILL', `container@${name}.service`],
      timeoutMs: killTimeoutMs,
    };
    // Again, which waits until systemd has done with it. Whatever comes of it, `destroy` has the last word.
    const still = (await problemOf(kill)) ?? (await problemOf(stop));
    if (still !== undefined) warn('container is not killed', { container: name, problem: still });
  }

  async function problemOf(attempt: Command): Promise<string | undefined> {
    try {
      const result = await runCommand(attempt);
      return result.exitCode === 0 ? undefined : describeExit(attempt, result);
    } catch (error) {
      return failureMessage(error);
    }
  }

  return { destroy, leftOf };
}
