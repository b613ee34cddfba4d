import type { Client } from '@temporalio/client';
import { fastify, type FastifyInstance } from 'fastify';
import type { GithubClient } from '../activities/github-client.js';
import type { RunCommand } from '../activities/command-runner.js';
import { demandStatusQuery, statusQuery } from '../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId } from '../workflows/model.js';
import type { WorkerConfig } from './config.js';
import type { Told } from './metrics-pool.js';
import type { Metrics } from './metrics.js';
import { statusBody } from './status-body.js';

interface Parts {
  runCommand: RunCommand;
  config: Pick<WorkerConfig, 'pool' | 'nixosContainer'>;
  client: Client;
  github: GithubClient;
  metrics: Metrics;
}

interface Health {
  ok: boolean;
  detail?: string;
}

const commandTimeoutMs = 10_000;

/** The read-only status endpoint: `GET /health`, `/status` and `/metrics`. No answer holds a secret. */
export function createStatusServer(parts: Parts): FastifyInstance {
  const { config, client, github, metrics, runCommand } = parts;
  const startedAt = Date.now();
  const server = fastify({ logger: false });

  server.get('/health', async (_request, reply) => {
    const [temporal, githubHealth, containers] = await Promise.all([
      temporalHealth(client),
      github.health(),
      containerHealth(config.nixosContainer, runCommand),
    ]);
    const checks = { temporal, github: githubHealth, containers };
    const ok = Object.values(checks).every((check) => check.ok);
    return await reply.status(ok ? 200 : 503).send({ status: ok ? 'ok' : 'failing', ...checks });
  });

  server.get('/status', async (_request, reply) => {
    try {
      const now = Date.now();
      const told = await askWorkflows(client, config);
      return statusBody({ ...told, github: github.counters(), now, uptimeMs: now - startedAt });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return await reply.status(503).send({ error: `Temporal does not tell the pool's status: ${reason}` });
    }
  });

  server.get('/metrics', async (_request, reply) => {
    // A pool that can't be told of is a figure too.
    const told = await askWorkflows(client, config).catch(() => null);
    const text = await metrics.text(told, github.counters());
    return await reply.type(metrics.contentType).send(text);
  });

  return server;
}

/** Longest wait for a query: a Prometheus gives up after 10 s. */
const queryTimeoutMs = 8_000;

function askWorkflows(client: Client, { pool: { host, repository } }: Parts['config']): Promise<Told> {
  return client.withDeadline(Date.now() + queryTimeoutMs, async () => {
    const [pool, demand] = await Promise.all([
      client.workflow.getHandle(poolWorkflowId(host)).query(statusQuery),
      client.workflow.getHandle(demandWorkflowId(repository)).query(demandStatusQuery),
    ]);
    return { pool, demand };
  });
}

async function temporalHealth(client: Client): Promise<Health> {
  try {
    await client.connection.withDeadline(Date.now() + 5_000, () =>
      client.connection.workflowService.getSystemInfo({}),
    );
    return { ok: true };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function containerHealth(program: string, runCommand: RunCommand): Promise<Health> {
  try {
    const { exitCode } = await runCommand({ program, args: ['list'], timeoutMs: commandTimeoutMs });
    return exitCode === 0
      ? { ok: true }
      : { ok: false, detail: `${program} list ended with exit code ${exitCode}` };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
