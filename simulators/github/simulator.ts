import { fastify } from 'fastify';
import { createWorld } from './create-world.js';
import { serveControl } from './http/control.js';
import { BadBody } from './http/parse-json.js';
import { serveRest } from './http/rest.js';
import { serveRunners } from './http/runner-protocol.js';
import type { SimulatorState } from './model.js';
import { presentState } from './present/state.js';
import type { GithubSimulator, GithubSimulatorOptions } from './simulator-api.js';
import { Watchers } from './watchers.js';

export type { GithubSimulator, GithubSimulatorOptions } from './simulator-api.js';

/** Starts a simulated GitHub on this machine. */
export async function startGithubSimulator(options: GithubSimulatorOptions): Promise<GithubSimulator> {
  const watchers = new Watchers<SimulatorState>(() => presentState(world));
  const world = createWorld(options, () => watchers.changed());
  const { runs, faults, dispatcher, site } = world;
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  let requestShutdown = () => {};
  const shutdownRequested = new Promise<void>((resolve) => (requestShutdown = resolve));

  const simulator: GithubSimulator = {
    get url() {
      return site.apiUrl;
    },
    repository: options.repository,
    queueWorkflowRun(spec) {
      const run = runs.add(spec);
      return { runId: run.id, jobs: run.jobs.map(({ id, spec: { name } }) => ({ id, name })) };
    },
    cancelRun(runId) {
      const run = runs.run(runId);
      if (run) runs.cancel(run);
    },
    approveJob(jobId) {
      const job = runs.job(jobId);
      if (job) runs.approve(job);
    },
    addFault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    state: () => presentState(world),
    until: (wanted, timeoutMs = 10_000) => watchers.until(wanted, timeoutMs),
    secrets: () => [...world.secrets],
    shutdownRequested,
    async close() {
      dispatcher.stop();
      await app.close();
    },
  };

  // Bodies are read by the routes: GitHub's own answer to one that is not JSON differs from Fastify's.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    return reply.code(error instanceof BadBody ? 400 : 500).send({ message });
  });
  serveRest(app, world);
  serveRunners(app, world);
  serveControl(app, simulator, requestShutdown);

  const address = await app.listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1' });
  site.apiUrl ||= address;
  return simulator;
}
