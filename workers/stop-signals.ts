/**
 * Resolves with `stopped` at the first signal to stop: Ctrl-C, an order to end, a terminal that was closed. The
 * listeners stay: without one, a second signal would end the process in the middle of its clean-up, and libraries that
 * watch for signals (signal-exit) end it already at the first.
 */
export function stopSignal(): Promise<'stopped'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve('stopped'));
  });
}
