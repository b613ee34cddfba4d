import type { Logger } from 'pino';
import { startCommandRunner, type RunCommand } from '../activities/command-runner.js';
import { createGithubClient } from '../activities/github-client.js';
import { announcePool } from './announce.js';
import { configExitCode, ConfigFaults, readConfig, type WorkerConfig } from './config.js';
import { createLogger, installRuntime } from './logging.js';
import { createJobMetrics } from './metrics-jobs.js';
import { createMetrics } from './metrics.js';
import { createPoolWorkers } from './pool-workers.js';
import { createStatusServer } from './status-server.js';
import { stopSignal } from './stop-signals.js';
import { connectClient, connectWorker, TemporalUnavailable } from './temporal.js';

/**
 * The service `runner-controller`. Stopping it ends no container and no job: runners go on, their workflows wait,
 * and the next worker takes up where this one stopped.
 */
async function main(): Promise<void> {
  const config = configOrExit();
  const log = createLogger(config.logLevel);
  installRuntime(log, config.temporalMetricsAddress);
  const commands = startCommandRunner();
  try {
    await serve(config, commands.run, log);
  } catch (error) {
    log.fatal({ err: error }, error instanceof TemporalUnavailable ? error.message : 'the worker failed');
    process.exitCode = 1;
  } finally {
    commands.close();
  }
}

async function serve(config: WorkerConfig, runCommand: RunCommand, log: Logger): Promise<void> {
  const stop = stopSignal();
  const github = createGithubClient({
    ...config.github,
    log: { debug: (message) => log.debug(message), warn: (message) => log.warn(message) },
  });
  const client = await connectClient();
  const { connection, namespace } = await connectWorker();
  const { host } = config.pool;
  const metrics = createMetrics(host);
  const jobs = createJobMetrics({ host, client: github, registry: metrics.registry, log });
  const workers = await createPoolWorkers({
    runCommand,
    config,
    github,
    jobs,
    client,
    connection,
    namespace,
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const server = createStatusServer({ runCommand, config, client, github, metrics });
  try {
    const address = await server.listen({ host: config.httpAddress, port: config.httpPort });
    await announcePool(client, config.pool);
    log.info({ host, status: `${address}/status` }, 'runner-controller is ready');
    await Promise.race([stop, running]);
    log.info('stopping; containers and jobs go on');
  } finally {
    await server.close();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await running;
    await client.connection.close();
    await connection.close();
  }
}

/** Tells all that is wrong with the configuration, and ends. */
function configOrExit(): WorkerConfig {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error;
    for (const fault of error.faults) process.stderr.write(`runner-controller: ${fault}\n`);
    process.exit(configExitCode);
  }
}

await main();
// Ends the process itself: a connection that never came about would keep it.
process.exit();
