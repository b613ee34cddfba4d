import { setTimeout as delay } from 'node:timers/promises';
import { Histogram, type Registry } from 'prom-client';
import type { RunnerEventActivities } from '../activities/contract.js';
import type { GithubClient } from '../activities/github-client.js';
import { failureMessage } from '../workflows/failures.js';
import { runnerNameOf } from '../workflows/policy/names.js';

interface JobMetricsOptions {
  host: string;
  client: GithubClient;
  registry: Registry;
  log: { debug: (details: object, message: string) => void };
  /** From a job's start until GitHub is asked about it: its answers lag, and jobs of one run start together. */
  askAfterMs?: number;
}

export interface JobMetrics {
  /** A runner's job has begun; `runId` is the container's word. Resolves when GitHub was asked about it; never rejects. */
  jobStarted(job: { runnerName: string; runId: string }): Promise<void>;
}

// Without labels of the job: names and branches without number would make series without end (ARC#3423).
const buckets = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/**
 * How long jobs waited for a runner of this host, by GitHub's own times: the wait that GitHub's pages show is wrong
 * (ARC#3346). One call for each run and burst of starts; none while the rate limit is nearly used up.
 */
export function createJobMetrics(options: JobMetricsOptions): JobMetrics {
  const { client, registry, log, askAfterMs = 15_000 } = options;
  const queueWait = new Histogram({
    name: 'runner_pool_job_queue_seconds',
    help: "Time from a job's creation to its start on a runner of this host.",
    buckets,
    registers: [registry],
  });
  /** Runners whose jobs are to be looked up, by their runs. */
  const waiting = new Map<string, { runners: Set<string>; lookedUp: Promise<void> }>();

  async function lookUp(runId: string, runners: Set<string>): Promise<void> {
    await delay(askAfterMs, undefined, { ref: false });
    waiting.delete(runId);
    if (client.isBudgetLow()) return;
    try {
      for (const job of await client.listJobs(Number(runId))) {
        // The run is the container's word: what is not on one of its runners there is not counted.
        if (!job.started_at || job.status === 'queued' || !runners.has(job.runner_name ?? '')) continue;
        queueWait.observe(Math.max(0, Date.parse(job.started_at) - Date.parse(job.created_at)) / 1000);
      }
    } catch (error) {
      log.debug({ runId, reason: failureMessage(error) }, 'queue time not found out');
    }
  }

  return {
    async jobStarted({ runnerName, runId }) {
      // An organisation's runs are not at the address of one repository.
      if (!('repository' in client.scope)) return;
      const known = waiting.get(runId);
      known?.runners.add(runnerName);
      if (known) return await known.lookedUp;
      const runners = new Set([runnerName]);
      const lookedUp = lookUp(runId, runners);
      waiting.set(runId, { runners, lookedUp });
      return await lookedUp;
    },
  };
}

/** The same activities; each job that they tell of first is passed on. */
export function tellingJobs(
  activities: RunnerEventActivities,
  host: string,
  { jobStarted }: JobMetrics,
): RunnerEventActivities {
  return {
    ...activities,
    async awaitRunnerEvent(input) {
      const events = await activities.awaitRunnerEvent(input);
      const job = events['job-started'];
      // Afterwards it is no longer waited for.
      if (job && input.until.includes('job-started')) {
        void jobStarted({ runnerName: runnerNameOf(host, input.name), runId: job.runId });
      }
      return events;
    },
  };
}
