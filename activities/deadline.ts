/**
 * Runs work with a signal that aborts when the given one does, and after `ms` with `expired()` as its reason.
 * (AbortSignal.any is not used: in Node 20 a collected garbage can take its timer with it.)
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  expired: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(expired()), ms);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
