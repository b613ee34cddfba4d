import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { RunnerEventActivities } from '../../activities/contract.js';
import { createJobMetrics, tellingJobs } from '../../workers/metrics-jobs.js';
import type { RunnerEventName, RunnerEvents } from '../../workflows/model.js';
import {
  connectRunner,
  labels,
  startGithub,
  workflowRun,
  type GithubFixture,
} from '../activities/github-fixture.js';

const host = 'cdk-runner-01';
const runnerName = (slot: number) => `${host}-3a1f9-r${slot}`;

let fixture: GithubFixture;
let registry: Registry;
beforeEach(async () => {
  fixture = await startGithub();
  registry = new Registry();
});
afterEach(async () => {
  const { contractViolations } = fixture.github.state();
  await fixture.close();
  expect(contractViolations).toEqual([]);
});

const metrics = (client = fixture.client) =>
  createJobMetrics({ host, client, registry, log: { debug: () => undefined }, askAfterMs: 0 });

/** A run whose jobs are each on a runner of their own, a second after they were queued. */
async function startedJobs(count: number): Promise<string> {
  const { client, github } = fixture;
  const names = Array.from({ length: count }, (_, slot) => runnerName(slot));
  const configs = await Promise.all(names.map((name) => client.generateJitConfig({ name, labels })));
  const { runId } = github.queueWorkflowRun(workflowRun(names));
  for (const { jitConfig } of configs) await (await connectRunner(github.url, jitConfig)).takeJob();
  return String(runId);
}

const observed = async () => {
  const { values = [] } = (await registry.getSingleMetric('runner_pool_job_queue_seconds')?.get()) ?? {};
  const { value } =
    values.find((each) => 'metricName' in each && String(each.metricName).endsWith('_count')) ?? {};
  return value ?? 0;
};
const looks = () => fixture.requests()['GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs'] ?? 0;

test('jobs of one run that start together are asked about once', async () => {
  const runId = await startedJobs(3);
  const { jobStarted } = metrics();
  await Promise.all([0, 1].map((slot) => jobStarted({ runnerName: runnerName(slot), runId })));
  expect([await observed(), looks()]).toEqual([2, 1]);
});

test('a job that is not on the runner which names its run is not counted', async () => {
  const runId = await startedJobs(1);
  await metrics().jobStarted({ runnerName: runnerName(7), runId });
  expect([await observed(), looks()]).toEqual([0, 1]);
});

test('a run that GitHub does not know, and a GitHub that is away, are no trouble', async () => {
  const { jobStarted } = metrics();
  await jobStarted({ runnerName: runnerName(0), runId: '99999999999999999999' });
  fixture.github.addFault({ kind: 'outage' });
  await jobStarted({ runnerName: runnerName(0), runId: '1' });
  expect(await observed()).toBe(0);
});

test('nothing is asked while the rate limit is nearly used up', async () => {
  await metrics({ ...fixture.client, isBudgetLow: () => true }).jobStarted({
    runnerName: runnerName(0),
    runId: '1',
  });
  expect(looks()).toBe(0);
});

test('each job is told of once, with the name of the runner that waited for it', async () => {
  const told: unknown[] = [];
  const at = 1;
  const job = {
    at,
    repository: 'o/r',
    workflow: 'CI',
    job: 'test',
    runId: '7',
    runAttempt: 1,
    runnerName: 'forged',
  };
  const reported: RunnerEvents[] = [
    { listening: { at }, refused: [] },
    { listening: { at }, 'job-started': job, refused: [] },
    {
      listening: { at },
      'job-started': job,
      exited: { at, exitCode: 0, serviceResult: 'success' },
      refused: [],
    },
  ];
  const activities = {
    awaitRunnerEvent: () => Promise.resolve(reported.shift() ?? { refused: [] }),
  } as unknown as RunnerEventActivities;
  const telling = tellingJobs(activities, host, {
    jobStarted: (started) => Promise.resolve(void told.push(started)),
  });
  const waits: RunnerEventName[][] = [
    ['listening', 'job-started', 'exited'],
    ['job-started', 'exited'],
    ['exited'],
  ];
  for (const until of waits) await telling.awaitRunnerEvent({ name: '3a1f9-r0', until });
  expect(told).toEqual([{ runnerName: runnerName(0), runId: '7' }]);
});
