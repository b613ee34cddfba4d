import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogEntry } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import { build as pretty } from 'pino-pretty';

/** Our logger: JSON lines on stdout for journald, a readable form on a terminal. */
export function createLogger(level: string): Logger {
  const options = { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stdout.isTTY ? pino(options, pretty({ ignore: 'pid,hostname' })) : pino(options);
}

/**
 * Sends what Temporal's SDK, our workflows and our activities log to the same logger.
 * @param metricsAddress where the SDK shows its own metrics to a Prometheus, e.g. 127.0.0.1:8081; nowhere when null
 */
export function installRuntime(log: Logger, metricsAddress: string | null): void {
  Runtime.install({
    logger: new DefaultLogger('DEBUG', (entry) => write(log, entry)),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsAddress && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
    // We stop the workers ourselves, in the right order.
    shutdownSignals: [],
  });
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function write(log: Logger, { level, message, meta }: LogEntry): void {
  const { error, ...rest } = meta ?? {};
  log[levels[level]]({ ...rest, ...(error !== undefined && { err: error }) }, message);
}
