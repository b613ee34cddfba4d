import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cdkCiRun } from '../../simulators/github/cdk-ci-run.js';
import { cdkHosts, repository, startStack, type Stack } from '../../simulators/stack/stack.js';
import { demandStatusQuery, drainUpdate } from '../../workflows/messages.js';
import { demandWorkflowId } from '../../workflows/model.js';
import { full, pool, poolUntil } from './watching.js';
import { whereFound } from './secrets.js';

// Two hosts, Temporal's dev server, the simulated GitHub: a whole CI run of CDK at small delays.
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    hosts: cdkHosts,
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
  });
  await Promise.all(stack.hosts.map((host) => host.start()));
  await Promise.all(stack.hosts.map(({ name }) => poolUntil(stack, name, full)));
}, 120_000);

afterAll(async () => await stack.stop(), 60_000);

test('completes the 48 jobs that the pools can serve, each in a container of its own', async () => {
  stack.github.queueWorkflowRun(cdkCiRun(0.001));
  const state = await stack.github.until(
    ({ jobs }) => jobs.filter(({ status }) => status === 'completed').length === 48,
    150_000,
  );
  const done = state.jobs.filter(({ status }) => status === 'completed');
  expect({
    conclusions: [...new Set(done.map(({ conclusion }) => conclusion))],
    lost: done.filter(({ lost }) => lost),
    runners: new Set(done.map(({ runnerName }) => runnerName)).size,
    violations: state.contractViolations,
  }).toEqual({ conclusions: ['success'], lost: [], runners: 48, violations: [] });
}, 180_000);

test('gives jobs with a host label to that host', () => {
  const warm = stack.github.state().jobs.filter(({ name }) => name.endsWith('(fuzz-b)'));
  expect(warm.map(({ runnerName }) => runnerName?.slice(0, 13))).toEqual(['cdk-runner-02', 'cdk-runner-02']);
});

test('names the job that no pool can ever serve', async () => {
  const demand = stack.temporal.client.workflow.getHandle(demandWorkflowId(repository));
  const { unservable } = await demand.query(demandStatusQuery);
  expect(unservable.map(({ labels, jobs }) => ({ labels, jobs: jobs.map(({ name }) => name) }))).toEqual([
    { labels: ['macos-latest'], jobs: ['Swift binding tests'] },
  ]);
});

test('lets no token and no JIT configuration out of the places where they belong', async () => {
  expect(await whereFound(stack, [stack.token, ...stack.github.secrets()])).toEqual([]);
}, 60_000);

test('leaves nothing behind when both pools are drained', async () => {
  await Promise.all(
    stack.hosts.map(({ name }) => pool(stack, name).executeUpdate(drainUpdate, { args: [{}] })),
  );
  await Promise.all(
    stack.hosts.map(({ name }) => poolUntil(stack, name, ({ runners }) => runners.length === 0)),
  );
  // A registration whose answer took longer than we wait for one is a stray, and found by the pool's next looks.
  const { runners } = await stack.github.until((state) => state.runners.length === 0, 120_000);
  const left = await Promise.all(stack.hosts.map((host) => host.left()));
  expect({ left, runners }).toEqual({
    left: [
      { containers: [], files: [] },
      { containers: [], files: [] },
    ],
    runners: [],
  });
}, 240_000);
