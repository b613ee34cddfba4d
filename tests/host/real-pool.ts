import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { startGithubSimulator } from '../../simulators/github/simulator.js';
import { freePort } from '../../simulators/stack/free-port.js';
import { startTemporalServer } from '../../simulators/stack/temporal-server.js';
import { statusQuery } from '../../workflows/messages.js';
import { poolWorkflowId, runnerWorkflowId, type RunnerTimeline } from '../../workflows/model.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import { inTestHost } from './inside.js';
import { createRealHost, githubOnTheInternet } from './real-containers.js';

const token = 'github_pat_of_the_real_pool';
// After a full disk runners are tried one by one, a minute for each that hangs.
const patienceMs = 200_000;

/** Tests that boot a test host of their own. Elsewhere they are skipped, and the output says why. */
export function describeWithTestHost(name: string, tests: () => void): void {
  const able = process.getuid?.() === 0 && existsSync('/etc/debian_version') && !inTestHost;
  if (able) describe(name, tests);
  else
    describe(name, () =>
      it.skip('did not run: it boots a test host, which needs root on Debian', () => undefined),
    );
}

/** A pool of real containers on one test host, with a Temporal and a simulated GitHub of its own. */
export async function startRealPool({ name, env }: { name: string; env: Record<string, string> }) {
  const directory = await mkdtemp(join(tmpdir(), 'real-pool-'));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, token, { mode: 0o400 });
  const githubPort = await freePort();
  const [temporal, github] = await Promise.all([
    startTemporalServer({ logFile: join(directory, 'temporal.log'), ui: false }),
    startGithubSimulator({
      repository: 'cashubtc/cdk',
      tokens: [token],
      publicUrl: githubOnTheInternet,
      port: githubPort,
    }),
  ]);
  const host = await createRealHost({
    name,
    directory,
    tokenFile,
    labels: ['self-hosted', 'ci'],
    repository: 'cashubtc/cdk',
    temporalAddress: temporal.address,
    githubPort,
    env,
  });

  const status = (): Promise<PoolStatus> =>
    temporal.client.workflow.getHandle(poolWorkflowId(name)).query(statusQuery);

  /** Waits until the pool is as wanted; a query is all there is to ask it with. */
  async function until(wanted: (pool: PoolStatus) => boolean): Promise<PoolStatus> {
    for (
      const deadline = Date.now() + patienceMs;
      ;
      await new Promise((resolve) => setTimeout(resolve, 100))
    ) {
      const pool = await status();
      if (wanted(pool)) return pool;
      if (Date.now() > deadline)
        throw new Error(`not within ${patienceMs} ms: ${JSON.stringify(pool, null, 1)}`);
    }
  }

  return {
    host,
    github,
    token,
    temporal,
    status,
    until,
    /** As many runners as wanted are idle, containers stand by, nothing is on its way in or out. */
    whole: () =>
      until(({ counts, config }) => {
        const { creating, available, busy, standby, removing } = counts;
        return (
          available === config.warmRunners &&
          standby >= config.standbyContainers &&
          creating + busy + removing === 0
        );
      }),
    /** Name of the container that runs a job, as soon as one does. */
    async busy(): Promise<string> {
      const isBusy = ({ phase, ending }: PoolStatus['runners'][number]) => phase === 'busy' && !ending;
      const { runners } = await until((pool) => pool.runners.some(isBusy));
      return runners.find(isBusy)?.name ?? '';
    },
    /** Queues jobs of one run and waits until GitHub has them all as completed. */
    async runJobs(...scripts: string[]) {
      const jobs = scripts.map((script, index) => ({
        id: `job-${index}`,
        name: `job ${index}`,
        runsOn: ['self-hosted'],
        durationMs: 0,
        script,
      }));
      const { runId } = github.queueWorkflowRun({ workflow: 'ci', jobs });
      const of = (all: ReturnType<typeof github.state>['jobs']) => all.filter((job) => job.runId === runId);
      const state = await github.until(
        ({ jobs: all }) => of(all).every((job) => job.status === 'completed'),
        patienceMs,
      );
      return of(state.jobs);
    },
    /** The record of a runner's life. */
    timeline: (runnerName: string): Promise<RunnerTimeline> =>
      temporal.client.workflow.getHandle(runnerWorkflowId(name, runnerName.slice(name.length + 1))).result(),
    async close() {
      await host.stop();
      await host.destroy();
      await github.close();
      await temporal.stop();
      await rm(directory, { recursive: true });
    },
  };
}

export type RealPool = Awaited<ReturnType<typeof startRealPool>>;
