import { constants } from 'node:os';
import { execa, type Options, type ResultPromise } from 'execa';
import { failure } from '../workflows/failures.js';

/** Between the polite signal and the one that can't be ignored. */
const graceMs = 5_000;
const maxOutputBytes = 1024 * 1024;
const shownLines = 5;
const shownCharacters = 1_000;

/** Parts of the worker's environment that are secret, or that mean something to systemd: no command inherits them. */
const withheld = {
  TEMPORAL_API_KEY: undefined,
  TEMPORAL_TLS_CLIENT_KEY_DATA: undefined,
  TEMPORAL_GRPC_META_AUTHORIZATION: undefined,
  CREDENTIALS_DIRECTORY: undefined,
  NOTIFY_SOCKET: undefined,
};

/** A program with its arguments; never a shell line, and never a secret, because failures show both. */
export interface Command {
  program: string;
  args: readonly string[];
  timeoutMs: number;
  /** Aborting it ends the command's whole process group. */
  signal?: AbortSignal;
  /** Added to the worker's own environment. */
  env?: Record<string, string>;
}

export interface CommandResult {
  /** Exit code; 128 + the signal's number, as a shell counts, when a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end and tells how it ended, whatever the exit code.
 * Errors: CommandTimedOut; HostUnavailable when it can't be started or prints more than 1 MiB; `signal.reason`.
 */
export async function runCommand(command: Command): Promise<CommandResult> {
  command.signal?.throwIfAborted();
  const subprocess = execa(command.program, command.args, {
    ...processOptions(command),
    maxBuffer: maxOutputBytes,
  });
  const ending = superviseGroup(subprocess, command);
  const result = await subprocess;
  ending.release();
  ending.throwIfEnded();
  if (result.isMaxBuffer) {
    throw failure('HostUnavailable', `${line(command)} printed more than ${maxOutputBytes} bytes.`);
  }
  if (subprocess.pid === undefined) {
    throw failure(
      'HostUnavailable',
      `${line(command)} could not be started (${result.code ?? 'no reason given'}).`,
    );
  }
  const exitCode = result.exitCode ?? 128 + (result.signal ? constants.signals[result.signal] : 0);
  return { exitCode, stdout: result.stdout, stderr: result.stderr };
}

/**
 * Runs a command and yields its stdout as it comes; whoever stops reading ends the command. The exit code is
 * not looked at: what was printed is what counts. Errors: as {@link runCommand}, without the limit on output.
 */
export async function* streamCommand(command: Command): AsyncGenerator<Uint8Array> {
  command.signal?.throwIfAborted();
  const subprocess = execa(command.program, command.args, {
    ...processOptions(command),
    buffer: false,
    stderr: 'ignore',
  });
  const ending = superviseGroup(subprocess, command);
  let code: string | undefined;
  try {
    for await (const chunk of subprocess.stdout) yield chunk as Uint8Array;
  } finally {
    ending.end();
    code = (await subprocess).code;
    ending.release();
  }
  ending.throwIfEnded();
  assertStarted(subprocess, command, code);
}

/** A sentence for a command that exited with an unwanted code: what ran, how it ended, its last words. */
export function describeExit(command: Pick<Command, 'program' | 'args'>, result: CommandResult): string {
  const words = result.stderr.trim() || result.stdout.trim();
  const last = words.split('\n').slice(-shownLines).join(' | ').slice(-shownCharacters);
  return `${line(command)} exited with ${result.exitCode}${last ? `: ${last}` : '.'}`;
}

function assertStarted(subprocess: ResultPromise, command: Command, code = 'no reason given'): void {
  if (subprocess.pid !== undefined) return;
  throw failure('HostUnavailable', `${line(command)} could not be started (${code}).`);
}

function processOptions({ env }: Command) {
  // A group of its own, so that what the program starts can be ended with it. execa's clean-up at exit does not
  // apply to it, and is not wanted: a worker that stops leaves a removal or a start to finish.
  return {
    detached: true,
    stdin: 'ignore',
    reject: false,
    env: { ...withheld, LC_ALL: 'C', ...env },
  } satisfies Options;
}

/** Ends the process group at the time limit or when the signal aborts. */
function superviseGroup(subprocess: ResultPromise, { program, args, timeoutMs, signal }: Command) {
  let ended: 'timeout' | 'signal' | 'reader' | undefined;
  let force: NodeJS.Timeout | undefined;
  const end = (why: typeof ended) => {
    if (ended) return;
    ended = why;
    killGroup(subprocess.pid, 'SIGTERM');
    force = setTimeout(() => killGroup(subprocess.pid, 'SIGKILL'), graceMs);
  };
  const timeout = setTimeout(() => end('timeout'), timeoutMs);
  const onAbort = () => end('signal');
  signal?.addEventListener('abort', onAbort, { once: true });
  // The leader obeyed; what is left of its group has had the same signal and is not waited for.
  subprocess.once('exit', () => ended && killGroup(subprocess.pid, 'SIGKILL'));

  return {
    end: () => end('reader'),
    release: () => {
      clearTimeout(timeout);
      clearTimeout(force);
      signal?.removeEventListener('abort', onAbort);
    },
    throwIfEnded: () => {
      if (ended === 'signal') signal?.throwIfAborted();
      if (ended === 'timeout') {
        throw failure('CommandTimedOut', `${line({ program, args })} was ended after ${timeoutMs} ms.`);
      }
    },
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the whole group is gone already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function line({ program, args }: Pick<Command, 'program' | 'args'>): string {
  return [program, ...args].join(' ');
}
