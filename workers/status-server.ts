import type { Client } from '@temporalio/client';
import { fastify, type FastifyInstance } from 'fastify';
import type { GithubClient } from '../activities/github-client.js';
import type { RunCommand } from '../activities/command-runner.js';
import { demandStatusQuery, statusQuery } from '../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId } from '../workflows/model.js';
import type { WorkerConfig } from './config.js';
import { statusBody } from './status-body.js';

interface Parts {
  runCommand: RunCommand;
  config: WorkerConfig;
  client: Client;
  github: GithubClient;
}

interface Health {
  ok: boolean;
  detail?: string;
}

const commandTimeoutMs = 10_000;

/** The read-only status endpoint: `GET /health` and `GET /status`. No answer holds a secret. */
export function createStatusServer({ config, client, github, runCommand }: Parts): FastifyInstance {
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
      const [pool, demand] = await Promise.all([
        client.workflow.getHandle(poolWorkflowId(config.pool.host)).query(statusQuery),
        client.workflow.getHandle(demandWorkflowId(config.pool.repository)).query(demandStatusQuery),
      ]);
      const now = Date.now();
      return statusBody({ pool, demand, github: github.counters(), now, uptimeMs: now - startedAt });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return await reply.status(503).send({ error: `Temporal does not tell the pool's status: ${reason}` });
    }
  });

  return server;
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
