import { ApplicationFailure } from '@temporalio/common';
import { runCommand, type Command, type CommandResult } from './run-command.js';

/** What the worker asks its command process for. */
export type CommandRequest = { id: number; command: Omit<Command, 'signal'> } | { id: number; cancel: true };

/** What it gets back: how the command ended, or a failure's type and message; `aborted` after `cancel`. */
export type CommandAnswer = { id: number } & (
  { result: CommandResult } | { failed: { type: string | null; message: string } } | { aborted: true }
);

const running = new Map<number, AbortController>();

async function serve(id: number, command: Omit<Command, 'signal'>): Promise<CommandAnswer> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    return { id, result: await runCommand({ ...command, signal: controller.signal }) };
  } catch (error) {
    if (controller.signal.aborted) return { id, aborted: true };
    const type = error instanceof ApplicationFailure ? (error.type ?? null) : null;
    return { id, failed: { type, message: error instanceof Error ? error.message : String(error) } };
  } finally {
    running.delete(id);
  }
}

process.on('message', (request: CommandRequest) => {
  if ('cancel' in request) running.get(request.id)?.abort();
  else void serve(request.id, request.command).then((answer) => process.connected && process.send?.(answer));
});
// The worker is gone. Commands have process groups of their own and go on without us.
process.on('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches this process too: the worker decides when it ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
