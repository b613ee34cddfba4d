import { log } from '@temporalio/activity';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { failure, failureMessage } from '../workflows/failures.js';
import type { ContainerActivities } from './contract.js';
import { assertPlain, confPath, extendConf, type NspawnSettings } from './container-conf.js';
import { createContainerRemoval, type ContainerPlaces } from './container-removal.js';
import { withDeadline } from './deadline.js';
import type { RunCommand } from './command-runner.js';
import { diskFull } from './disk-gate.js';
import { awaitEvents } from './event-files.js';
import { heartbeating } from './heartbeat.js';
import { mountOut } from './out-filesystem.js';
import { describeExit, runCommand, type CommandResult } from './run-command.js';
import { containerLost, createRuntimeDir, errorCode, exists } from './runtime-dir.js';

export interface ContainerOptions extends ContainerPlaces, Partial<NspawnSettings> {
  /** Free space below which no container is made; default 0, no gate. */
  minFreeBytes?: number;
  /** Size of the filesystem that each container's `out/` is; default 0, a directory on the one of `runtimeDir`. */
  outBytes?: number;
  commandTimeouts?: Partial<CommandTimeouts>;
  /** What starts the commands; in this process unless given. */
  runCommand?: RunCommand;
}

/** Longest time for each nixos-container command. Above systemd's own limits, so that systemd's reason is the one seen. */
export interface CommandTimeouts {
  createMs: number;
  /** The unit's own limit is 60 s. */
  startMs: number;
  /** systemd kills what has not stopped after 90 s. */
  stopMs: number;
  destroyMs: number;
  /** Within a destroy, from which on the container is killed. */
  stopBeforeDestroyMs: number;
}

const defaultTimeouts: CommandTimeouts = {
  createMs: 60_000,
  startMs: 75_000,
  stopMs: 100_000,
  destroyMs: 60_000,
  stopBeforeDestroyMs: 20_000,
};

/**
 * Containers by way of `nixos-container`. `start` and `stop` may be broken off by a cancellation or a worker's
 * shutdown, because systemd goes on by itself; `create` and `destroy` are short and run to their end, because half
 * of one would have to be cleaned up first.
 */
export function createContainerActivities(options: ContainerOptions): ContainerActivities {
  const { nixosContainer, runtimeDir, confDir, rootDir, minFreeBytes = 0, outBytes = 0 } = options;
  const settings = {
    privateUsers: options.privateUsers ?? 'pick',
    extraNspawnFlags: options.extraNspawnFlags ?? [],
  };
  assertPlain([runtimeDir, ...settings.extraNspawnFlags]);
  const timeouts = { ...defaultTimeouts, ...options.commandTimeouts };
  const start = options.runCommand ?? runCommand;
  const command = (args: string[]) => ({ program: nixosContainer, args });
  const run = (args: string[], timeoutMs: number, signal?: AbortSignal) =>
    start({ ...command(args), timeoutMs, signal });

  const { destroy, leftOf } = createContainerRemoval({
    nixosContainer,
    runtimeDir,
    confDir,
    rootDir,
    destroyMs: timeouts.destroyMs,
    stopBeforeDestroyMs: timeouts.stopBeforeDestroyMs,
    runCommand: start,
    warn: (message, details) => void log.warn(message, details),
  });

  async function create(name: string, system: string): Promise<void> {
    const runtime = await createRuntimeDir(runtimeDir, name);
    const problem = outBytes > 0 ? await mountOut(runtime.out, outBytes, start) : undefined;
    if (problem !== undefined) {
      log.warn('out/ shares its filesystem with other containers', { container: name, problem });
    }
    const args = ['create', name, '--system-path', system];
    const result = await run(args, timeouts.createMs);
    if (result.exitCode !== 0) throw failure('ContainerStartFailed', describeExit(command(args), result));
    await extendConf(confPath(confDir, name), runtime, settings);
  }

  function notRemoved(args: string[], result: CommandResult) {
    return failure('ContainerNotRemoved', describeExit(command(args), result));
  }

  return {
    createContainer: ({ name, system }) =>
      heartbeating(async () => {
        const left = await leftOf(name);
        if (left.length > 0) {
          log.warn('destroying what an earlier attempt left', { container: name, left });
          await destroy(name);
        }
        await assertSystem(system);
        const full = await diskFull(rootDir, minFreeBytes);
        if (full) throw failure('HostFull', `Container ${name} is not made. ${full}`);
        try {
          await create(name, system);
        } catch (error) {
          await destroy(name).catch((also: unknown) => {
            log.warn('the remains of a failed create stay', { container: name, error: failureMessage(also) });
          });
          throw error;
        }
      }),

    startContainer: ({ name, bootTimeoutMs }) =>
      heartbeating((cancelled) => {
        const tooLate = () =>
          failure(
            'ContainerStartFailed',
            `Container ${name} did not report booted within ${bootTimeoutMs} ms.`,
          );
        return withDeadline(cancelled, bootTimeoutMs, tooLate, async (signal) => {
          const conf = confPath(confDir, name);
          if (!(await exists(conf))) throw containerLost(conf);
          const args = ['start', name];
          const result = await run(args, timeouts.startMs, signal);
          if (result.exitCode !== 0 && !(await exists(conf))) throw containerLost(conf);
          if (result.exitCode !== 0)
            throw failure('ContainerStartFailed', describeExit(command(args), result));
          const events = await awaitEvents({ runtimeDir, name, until: ['booted'], signal });
          // The container's clock is the host's, but its word is its own.
          return { bootedAt: Math.min(events.booted?.at ?? Infinity, Date.now()) };
        });
      }),

    stopContainer: ({ name }) =>
      heartbeating(async (signal) => {
        const conf = confPath(confDir, name);
        if (!(await exists(conf))) return;
        const result = await run(['stop', name], timeouts.stopMs, signal);
        if (result.exitCode !== 0 && (await exists(conf))) throw notRemoved(['stop', name], result);
      }),

    destroyContainer: ({ name, reason }) =>
      heartbeating(async () => {
        log.info('destroying container', { container: name, reason });
        await destroy(name);
      }),
  };
}

async function assertSystem(system: string): Promise<void> {
  const problem = isAbsolute(system)
    ? await stat(system).then(() => undefined, errorCode)
    : 'not an absolute path';
  if (problem === undefined) return;
  throw failure(
    'SystemMissing',
    `The container system ${system} is not on this host (${problem}): build and deploy it.`,
  );
}
