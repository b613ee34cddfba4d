import { log, sleep } from '@temporalio/activity';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { failure, failureMessage } from '../workflows/failures.js';
import type { LogActivities } from './contract.js';
import { readEvents } from './event-files.js';
import { heartbeating } from './heartbeat.js';
import { journal, textLogs, type LogSection } from './log-sources.js';
import { logSuffix, pruneLogs, workPrefix } from './prune-logs.js';
import { redactStream } from './redact.js';
import { exists, runtimePaths } from './runtime-dir.js';

export interface LogOptions {
  logDir: string;
  runtimeDir: string;
  /** /var/lib/nixos-containers. */
  rootDir: string;
  /** Kept logs older than this are removed. */
  maxAgeMs: number;
  /** Most that all kept logs may take; the oldest go first. */
  maxBytes: number;
  /** Most that is kept of one runner, before compression. */
  perRunnerMaxBytes: number;
  /** The journalctl program; default: the one on PATH. */
  journalctl?: string;
}

type KeepInput = Parameters<LogActivities['keepLogs']>[0];

/** Longest time that logs may hold up a removal; what has been read by then is kept. */
const timeLimitMs = 60_000;

/**
 * Keeps what a runner wrote, before its container goes. The container's root is untrusted and may still run: nothing
 * outside it is ever read, whatever it links or replaces meanwhile, and what is read is bounded in size and time.
 */
export function createLogActivities(options: LogOptions): LogActivities {
  const { logDir, runtimeDir, rootDir, perRunnerMaxBytes } = options;

  async function* sections(name: string, workDir: string, signal: AbortSignal): AsyncGenerator<LogSection> {
    if (await exists(runtimePaths(runtimeDir, name).dir)) {
      yield { title: 'reported events', body: reportedEvents(runtimeDir, name) };
    }
    const root = join(rootDir, name);
    // A part for each, so that a loud job does not push the rest out.
    const part = perRunnerMaxBytes / 4;
    const journalctl = options.journalctl ?? 'journalctl';
    yield* journal({ root, workDir, limit: part * 2, journalctl, signal });
    yield* textLogs(root, ['var', 'log', 'github-runner'], part);
    yield* textLogs(root, ['var', 'lib', 'github-runner', '_diag'], part);
  }

  /** Writes the file; tells whether there was anything to keep. */
  async function write(
    path: string,
    input: KeepInput,
    workDir: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    let found = false;
    const deadline = Date.now() + timeLimitMs;
    const text = async function* () {
      yield `runner: ${input.runnerName}\nkept: ${new Date().toISOString()}\nnote: ${JSON.stringify(input.note)}\n`;
      for await (const { title, body } of sections(input.name, workDir, signal)) {
        found = true;
        yield `\n==> ${JSON.stringify(title)} <==\n`;
        yield* untilDeadline(body, deadline);
        if (Date.now() > deadline) return;
      }
    };
    const file = createWriteStream(path, { mode: 0o640 });
    await pipeline(text, redactStream, createGzip(), file, { signal });
    return found;
  }

  async function keep(input: KeepInput, signal: AbortSignal) {
    const path = join(logDir, fileName(input));
    await mkdir(logDir, { recursive: true, mode: 0o750 });
    const workDir = await mkdtemp(join(logDir, workPrefix));
    try {
      const whole = join(workDir, 'log.gz');
      if (await write(whole, input, workDir, signal)) await rename(whole, path);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
    // An earlier attempt may have kept what is gone by now.
    return (await exists(path)) ? { path, bytes: (await stat(path)).size } : null;
  }

  /** Logs are never worth a removal: whatever goes wrong is told and gives `otherwise`. */
  async function attempt<T>(
    what: string,
    signal: AbortSignal,
    work: () => Promise<T>,
    otherwise: T,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`logs not ${what}`, { error: failureMessage(error) });
      return otherwise;
    }
  }

  return {
    keepLogs: (input) =>
      heartbeating(async (signal) => {
        await sleep(input.afterMs ?? 0);
        const kept = await attempt('kept', signal, () => keep(input, signal), null);
        await attempt('pruned', signal, () => pruneLogs(options), undefined);
        return kept;
      }),
  };
}

function fileName({ name, runnerName }: KeepInput): string {
  // Both become paths.
  if (!/^[\w.-]+$/.test(runnerName) || runnerName.startsWith('.') || !runnerName.endsWith(`-${name}`)) {
    throw failure('ConfigInvalid', `${JSON.stringify(runnerName)} is not the runner of container ${name}.`);
  }
  return `${runnerName}${logSuffix}`;
}

async function* reportedEvents(runtimeDir: string, name: string): AsyncGenerator<string> {
  yield `${JSON.stringify(await readEvents(runtimeDir, name), null, 2)}\n`;
}

/** What can be read of a section in time; why there is no more of it, otherwise. */
async function* untilDeadline(
  body: LogSection['body'],
  deadline: number,
): AsyncGenerator<Uint8Array | string> {
  try {
    for await (const chunk of body) {
      yield chunk;
      if (Date.now() > deadline) {
        yield '\n(the time is up)\n';
        return;
      }
    }
  } catch (error) {
    yield `(can't be read further: ${failureMessage(error)})\n`;
  }
}
