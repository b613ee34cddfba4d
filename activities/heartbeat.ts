import { Context } from '@temporalio/activity';

const heartbeatIntervalMs = 5_000;

/**
 * Runs an activity's work with a heartbeat every 5 s, which also is how a cancellation gets here. The signal aborts
 * on cancellation and on worker shutdown, with the failure to throw as its reason.
 */
export async function heartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(beat);
  }
}
