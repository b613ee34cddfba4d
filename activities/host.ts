import { heartbeat, log, sleep } from '@temporalio/activity';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure, failureMessage } from '../workflows/failures.js';
import type { HostContainer, HostReport } from '../workflows/model.js';
import { slotOf } from '../workflows/policy/names.js';
import { confPath } from './container-conf.js';
import type { HostActivities } from './contract.js';
import type { RunCommand } from './command-runner.js';
import { diskFull } from './disk-gate.js';
import { heartbeating } from './heartbeat.js';
import { describeExit, runCommand } from './run-command.js';
import { errorCode, exists } from './runtime-dir.js';

export interface HostOptions {
  /** Path of the nixos-container program. */
  nixosContainer: string;
  confDir: string;
  runtimeDir: string;
  rootDir: string;
  /** Free space below which the host is reported as full; 0 for never. */
  minFreeBytes: number;
  /** Whether the runner workflow of this container name is running. */
  isRunnerOpen: (name: string) => Promise<boolean>;
  commandTimeoutMs?: number;
  /** What starts the commands; in this process unless given. */
  runCommand?: RunCommand;
}

const statusesAtOnce = 4;
/** Runner workflows are asked for at the first look and each sixth: a lost one is rare, and a question costs a call. */
const looksBetweenOrphanChecks = 6;
/** One bad look is a hiccup; as many in a row as this are told. */
const badLooksTold = 3;

/** The host as it is: its containers, what is left of some, its disk, and runners whose workflow is gone. */
export function createHostActivities(options: HostOptions): HostActivities {
  const { nixosContainer, confDir, runtimeDir, rootDir, minFreeBytes, isRunnerOpen } = options;
  const start = options.runCommand ?? runCommand;

  async function run(args: string[], signal: AbortSignal) {
    const command = { program: nixosContainer, args, timeoutMs: options.commandTimeoutMs ?? 30_000, signal };
    return { command, result: await start(command) };
  }

  async function listContainers(signal: AbortSignal): Promise<string[]> {
    const { command, result } = await run(['list'], signal);
    if (result.exitCode !== 0) throw failure('HostUnavailable', describeExit(command, result));
    return result.stdout.split('\n').filter((name) => slotOf(name) !== null);
  }

  /** Null when it went away since it was listed. */
  async function inspect(name: string, signal: AbortSignal): Promise<HostContainer | null> {
    const { command, result } = await run(['status', name], signal);
    const state = result.stdout.trim();
    if (state === 'up' || state === 'down') return { name, state };
    if (!(await exists(confPath(confDir, name)))) return null;
    throw failure('HostUnavailable', describeExit(command, result));
  }

  /** Directories of containers that nixos-container does not know: left by a crash, to be destroyed like the others. */
  async function findRemains(candidates: Set<string>, listed: string[]): Promise<HostContainer[]> {
    const unlisted = [...candidates].filter((name) => !listed.includes(name));
    const paths = (name: string) => [join(runtimeDir, name), join(rootDir, name)];
    const remains = await Promise.all(
      unlisted.map(async (name) => {
        // Made, or removed, since it was looked for.
        if (await exists(confPath(confDir, name))) return [];
        const there = await Promise.all(paths(name).map(exists));
        return there.includes(true) ? [{ name, state: 'down' as const }] : [];
      }),
    );
    return remains.flat();
  }

  async function lookAtContainers(signal: AbortSignal): Promise<HostContainer[]> {
    const directories = [...(await namesIn(runtimeDir)), ...(await namesIn(rootDir))];
    const listed = await listContainers(signal);
    const known = await mapAtOnce(statusesAtOnce, listed, (name) => inspect(name, signal));
    const remains = await findRemains(new Set(directories), listed);
    return [...known.filter((container) => container !== null), ...remains].sort(byName);
  }

  /** A question that gets no answer leaves the earlier one standing. */
  async function findOrphans(expected: string[], earlier: string[]): Promise<string[]> {
    const isOrphan = async (name: string) => {
      try {
        return !(await isRunnerOpen(name));
      } catch (error) {
        log.warn('runner workflow not found out', { container: name, error: failureMessage(error) });
        return earlier.includes(name);
      }
    };
    const answers = await mapAtOnce(statusesAtOnce, expected, isOrphan);
    return expected.filter((_name, index) => answers[index]).sort();
  }

  return {
    watchHost: ({ pollIntervalMs, previous, expected }) =>
      heartbeating(async (signal) => {
        let orphans = previous?.orphans ?? [];
        let badLooks = 0;
        for (let look = 0; ; look += 1) {
          heartbeat();
          if (look % looksBetweenOrphanChecks === 0) orphans = await findOrphans(expected, orphans);
          try {
            // The time it began: a container destroyed during the look is older news than its destruction.
            const at = Date.now();
            const containers = await lookAtContainers(signal);
            const full = await diskFull(rootDir, minFreeBytes, previous?.full !== undefined);
            const report = { at, containers, orphans, ...(full && { full }) };
            if (previous === null || differs(previous, report)) return report;
            badLooks = 0;
          } catch (error) {
            signal.throwIfAborted();
            badLooks += 1;
            log.warn('host not inspected', { error: failureMessage(error) });
            // Never an empty report instead: an empty host would be filled a second time.
            if (badLooks === badLooksTold) throw unavailable(badLooks, error);
          }
          await sleep(pollIntervalMs);
        }
      }),
  };
}

function unavailable(badLooks: number, error: unknown) {
  return failure(
    'HostUnavailable',
    `The host could not be inspected ${badLooks} times in a row: ${failureMessage(error)}`,
  );
}

function differs(previous: HostReport, report: HostReport): boolean {
  return !isDeepStrictEqual({ ...previous, at: 0 }, { ...report, at: 0 });
}

/** Names of our pattern in a directory; none when it has not been made yet. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => slotOf(name) !== null);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function byName(a: HostContainer, b: HostContainer): number {
  return a.name < b.name ? -1 : 1;
}

/** Maps in order, with at most `limit` at work at once. */
async function mapAtOnce<T, R>(limit: number, items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
