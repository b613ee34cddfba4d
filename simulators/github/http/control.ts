import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultSchema } from '../state/faults.js';
import type { GithubSimulator } from '../simulator-api.js';
import { parseJson } from './parse-json.js';

const jobSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  runsOn: z.array(z.string()).min(1),
  needs: z.array(z.string()).optional(),
  durationMs: z.number().nonnegative(),
  script: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  timeoutMinutes: z.number().positive().optional(),
  needsApproval: z.boolean().optional(),
});
const runSchema = z.strictObject({ workflow: z.string(), jobs: z.array(jobSchema).min(1) });

/** Serves `/_sim`: what a test or the demo in another process does to the simulated GitHub. */
export function serveControl(app: FastifyInstance, simulator: GithubSimulator, shutdown: () => void): void {
  app.get('/_sim/state', () => simulator.state());

  app.post('/_sim/workflow-runs', (request, reply) => {
    const run = simulator.queueWorkflowRun(parseJson(runSchema, request.body));
    return reply.code(201).send(run);
  });

  app.post<{ Params: { runId: string } }>('/_sim/workflow-runs/:runId/cancel', (request, reply) => {
    simulator.cancelRun(Number(request.params.runId));
    return reply.code(204).send();
  });

  app.post<{ Params: { jobId: string } }>('/_sim/jobs/:jobId/approve', (request, reply) => {
    simulator.approveJob(Number(request.params.jobId));
    return reply.code(204).send();
  });

  app.post('/_sim/faults', (request, reply) => {
    simulator.addFault(parseJson(faultSchema, request.body));
    return reply.code(204).send();
  });

  app.delete('/_sim/faults', (_request, reply) => {
    simulator.clearFaults();
    return reply.code(204).send();
  });

  app.post('/_sim/shutdown', (_request, reply) => {
    reply.raw.once('close', shutdown);
    return reply.code(204).send();
  });
}
