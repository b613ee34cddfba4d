import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cdkHosts, repository, startStack, type Stack } from '../../simulators/stack/stack.js';
import { drainUpdate } from '../../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId, sharedTaskQueue, type PoolConfig } from '../../workflows/model.js';
import { full, job, pool, poolUntil } from './watching.js';

// Pool and demand start afresh every few dozen events, so in the middle of whatever is under way.
const host = { name: 'cdk-runner-01', labels: cdkHosts[0]?.labels ?? [], env: { MAX_CONCURRENT: '3' } };
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    hosts: [host],
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
  });
  const config: PoolConfig = {
    host: host.name,
    repository,
    labels: host.labels,
    maxConcurrentJobs: 3,
    warmRunners: 3,
    standbyContainers: 1,
    pollIntervalMs: 1_000,
    jobTimeoutMs: 7_200_000,
    runnerStartupTimeoutMs: 600_000,
    containerSystem: 'not yet known',
    githubServerUrl: 'https://github.com',
  };
  const { workflow } = stack.temporal.client;
  await workflow.start('poolWorkflow', {
    workflowId: poolWorkflowId(host.name),
    taskQueue: sharedTaskQueue,
    args: [{ config, maxHistoryEvents: 80 }],
  });
  await workflow.start('demandWorkflow', {
    workflowId: demandWorkflowId(repository),
    taskQueue: sharedTaskQueue,
    args: [{ repository, maxHistoryEvents: 40 }],
  });
  await stack.hosts[0]?.start();
  await poolUntil(stack, host.name, full);
}, 120_000);

afterAll(async () => await stack.stop(), 60_000);

async function runsOf(workflowId: string): Promise<number> {
  let runs = 0;
  const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "ContinuedAsNew"`;
  for await (const _run of stack.temporal.client.workflow.list({ query })) runs += 1;
  return runs;
}

test('a pool that starts afresh again and again loses no job, no runner and no order', async () => {
  const jobs = Array.from({ length: 12 }, (_, index) => job(`job ${index}`, 300));
  stack.github.queueWorkflowRun({ workflow: 'CI', jobs });
  const state = await stack.github.until(
    (seen) => seen.jobs.filter(({ status }) => status === 'completed').length === 12,
    90_000,
  );
  expect(state.jobs.filter(({ lost, conclusion }) => lost || conclusion !== 'success')).toEqual([]);
  // Successors that the queue called for may stand by for a minute yet.
  const { totals } = await poolUntil(
    stack,
    host.name,
    ({ counts, totals: { jobs: done } }) => done === 12 && counts.available === 3 && counts.removing === 0,
  );
  expect({ jobs: totals.jobs, interrupted: totals.interrupted, failed: totals.failed }).toEqual({
    jobs: 12,
    interrupted: 0,
    failed: 0,
  });
  expect(await runsOf(poolWorkflowId(host.name))).toBeGreaterThan(2);
}, 180_000);

test('a drain outlives the run that took the order, and nothing is left', async () => {
  await pool(stack, host.name).executeUpdate(drainUpdate, { args: [{ reason: 'kernel' }] });
  const { drain, totals } = await poolUntil(stack, host.name, ({ runners }) => runners.length === 0);
  expect({ reason: drain?.reason, created: totals.created }).toEqual({
    reason: 'kernel',
    created: totals.removed,
  });
  await stack.github.until(({ runners }) => runners.length === 0, 90_000);
  expect(await stack.hosts[0]?.left()).toEqual({ containers: [], files: [] });
}, 150_000);
