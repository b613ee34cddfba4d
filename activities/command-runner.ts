import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failure, type FailureType } from '../workflows/failures.js';
import type { CommandAnswer, CommandRequest } from './command-process.js';
import type { Command, CommandResult } from './run-command.js';

export type RunCommand = (command: Command) => Promise<CommandResult>;

/** Runs commands from a process of its own, and ends with `close()`. */
export interface CommandRunner {
  run: RunCommand;
  close(): void;
}

interface Waiting {
  resolve: (result: CommandResult) => void;
  reject: (error: unknown) => void;
  signal?: AbortSignal;
}

/**
 * A small process that starts the commands for the worker. Starting a program copies the page tables of the process
 * that does it, and blocks it meanwhile: 36 ms for a worker of 300 MB, 2 ms for this one, and beside the worker.
 */
export function startCommandRunner(): CommandRunner {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let lastId = 0;
  let closed = false;

  function process(): ChildProcess {
    if (child?.connected) return child;
    const started = fork(fileURLToPath(new URL('./command-process.js', import.meta.url)), { execArgv: [] });
    started.on('message', (answer: CommandAnswer) => settle(answer));
    started.on('exit', () => failAll(started));
    child = started;
    return started;
  }

  function settle(answer: CommandAnswer): void {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (!asked) return;
    if ('result' in answer) asked.resolve(answer.result);
    else if ('aborted' in answer) asked.reject(asked.signal?.reason);
    else
      asked.reject(failure((answer.failed.type ?? 'HostUnavailable') as FailureType, answer.failed.message));
  }

  /** It was ended from outside: activities try again, with a new one. */
  function failAll(ended: ChildProcess): void {
    if (child !== ended) return;
    child = undefined;
    for (const [id, { reject }] of waiting) {
      waiting.delete(id);
      reject(failure('HostUnavailable', 'the process that runs commands ended; the command is tried again.'));
    }
  }

  async function run({ signal, ...command }: Command): Promise<CommandResult> {
    signal?.throwIfAborted();
    if (closed)
      throw failure('HostUnavailable', 'the worker is stopping; the command is run by the next one.');
    const id = ++lastId;
    const cancel = () => send({ id, cancel: true });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<CommandResult>((resolve, reject) => {
        waiting.set(id, { resolve, reject, signal });
        send({ id, command });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  function send(request: CommandRequest): void {
    process().send(request);
  }

  // At once: it takes a quarter of a second, in which the worker connects.
  process();
  return {
    run,
    close: () => {
      closed = true;
      child?.disconnect();
    },
  };
}
