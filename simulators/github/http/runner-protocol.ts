import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Job } from '../model.js';
import { fullName } from '../present/site.js';
import type { World } from '../world.js';
import { injectBefore } from './injection.js';
import { parseJson } from './parse-json.js';

const sessionBody = z.object({ agentId: z.coerce.number(), clientId: z.string() });
const renewBody = z.object({ sessionId: z.string() });
const completeBody = renewBody.extend({ conclusion: z.enum(['success', 'failure', 'cancelled']) });

const refusals = {
  'not-found': { code: 404, message: 'The registration was not found.' },
  unauthorized: { code: 401, message: 'The credentials are not those of this runner.' },
  conflict: { code: 409, message: 'A session for this runner already exists.' },
  deprecated: { code: 426, message: 'Runner version is deprecated and cannot receive messages.' },
} as const;

/**
 * Serves the part of GitHub that runners talk to. GitHub does not publish its protocol, so this is one of our own
 * with the same steps: a session, a long poll for a job, a lease that is renewed, a completion.
 */
export function serveRunners(app: FastifyInstance, world: World): void {
  const { dispatcher, runs } = world;

  app.addHook('onRequest', async (request, reply) => {
    const path = (request.routeOptions.url ?? '').replaceAll(/:(\w+)/g, '{$1}');
    if (!path.startsWith('/_runner/')) return;
    const injected = await injectBefore(world.faults, { method: request.method, path, documentationUrl: '' });
    if (injected === 'drop') {
      reply.hijack();
      request.raw.socket.destroy();
    } else if (injected) {
      await reply.code(injected.status).send(injected.body);
    }
  });

  app.post('/_runner/sessions', (request, reply) => {
    const { agentId, clientId } = parseJson(sessionBody, request.body);
    const result = dispatcher.open(agentId, clientId);
    return typeof result === 'string' ? refuse(reply, result) : reply.send(result);
  });

  app.get<{ Params: { sessionId: string } }>(
    '/_runner/sessions/:sessionId/message',
    async (request, reply) => {
      const result = await dispatcher.poll(request.params.sessionId, closed(reply));
      if (result === 'not-found') return refuse(reply, result);
      if (result === 'nothing') return reply.code(202).send();
      return reply.send({ job: describeJob(world, result) });
    },
  );

  app.delete<{ Params: { sessionId: string } }>('/_runner/sessions/:sessionId', (request, reply) => {
    dispatcher.close(request.params.sessionId);
    return reply.code(204).send();
  });

  app.post<{ Params: { jobId: string } }>('/_runner/jobs/:jobId/renew', (request, reply) => {
    const { sessionId } = parseJson(renewBody, request.body);
    const result = dispatcher.renew(Number(request.params.jobId), sessionId);
    return result === 'not-found' ? refuse(reply, result) : reply.send(result);
  });

  app.post<{ Params: { jobId: string } }>('/_runner/jobs/:jobId/complete', (request, reply) => {
    const { sessionId, conclusion } = parseJson(completeBody, request.body);
    const result = dispatcher.complete(Number(request.params.jobId), sessionId, conclusion);
    return result === 'not-found'
      ? refuse(reply, result)
      : reply.send({ status: runs.job(Number(request.params.jobId))?.status });
  });
}

function describeJob({ site, runs }: World, job: Job) {
  const { name, durationMs, script, env } = job.spec;
  return {
    id: job.id,
    runId: job.runId,
    runAttempt: 1,
    repository: fullName(site),
    workflow: runs.run(job.runId)?.workflow,
    name,
    durationMs,
    script,
    env,
  };
}

function refuse(reply: FastifyReply, why: keyof typeof refusals) {
  const { code, message } = refusals[why];
  return reply.code(code).send({ message });
}

/** Aborts when the client hangs up. */
function closed({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
