import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { failure } from '../../workflows/failures.js';
import type { demandWorkflow } from '../../workflows/demand.js';
import { announcePoolSignal, demandStatusQuery, lookAtQueueSignal } from '../../workflows/messages.js';
import { demandWorkflowId, sharedTaskQueue, type QueuedJobs } from '../../workflows/model.js';
import { Environment } from './environment.js';
import { configOf, PoolUnderTest } from './pool-fixture.js';
import type { Site } from './site.js';

jest.setTimeout(60_000);
let environment: Environment;
let sites: [Site, Site];
let pools: PoolUnderTest[];
let demand: WorkflowHandle<typeof demandWorkflow>;
let count = 0;

/** Two pools that keep no runner idle, with a label of its own each. */
const sizes = { maxConcurrentJobs: 3, warmRunners: 0, standbyContainers: 1 };
const ownLabels = [
  ['self-hosted', 'fuzz-a'],
  ['self-hosted', 'fuzz-b'],
];

beforeAll(async () => {
  environment = await Environment.start();
});
afterAll(() => environment.stop());
beforeEach(async () => {
  environment.queued = [];
  environment.queueFault = null;
  sites = [await environment.createSite(), await environment.createSite()];
  pools = await Promise.all(
    sites.map((site, index) => PoolUnderTest.full(environment, site, { ...sizes, labels: ownLabels[index] })),
  );
});
afterEach(async () => {
  for (const pool of pools) await pool.end();
  // Last, since a workflow that ends while its activity runs leaves the clock locked.
  await demand.terminate();
});

async function start(maxHistoryEvents?: number): Promise<void> {
  const repository = `owner/repository${(count += 1)}`;
  const workflowId = demandWorkflowId(repository);
  await environment.client.workflow.start<typeof demandWorkflow>('demandWorkflow', {
    args: [{ repository, maxHistoryEvents }],
    workflowId,
    taskQueue: sharedTaskQueue,
  });
  demand = environment.client.workflow.getHandle(workflowId);
}

async function announce(index: 0 | 1): Promise<void> {
  const { host, labels, pollIntervalMs } = configOf(sites[index], { labels: ownLabels[index] });
  await demand.signal(announcePoolSignal, { host, labels, pollIntervalMs });
}

function queued(labels: string[], jobs: number): QueuedJobs {
  const queuedAt = environment.now();
  const url = 'https://github.com/o/r/actions/runs/1/job/1';
  return {
    labels,
    count: jobs,
    oldestQueuedAt: queuedAt,
    jobs: [{ id: 1, name: labels.join(), url, queuedAt }],
  };
}

const queuedFor = async () =>
  await Promise.all(pools.map(async (pool) => (await pool.status()).demand.queued));
const tells = (expected: number[]) =>
  environment.see(
    async () => JSON.stringify(await queuedFor()) === JSON.stringify(expected),
    `a demand of ${expected.join()}`,
  );

test('each pool is told what it can serve, and makes as many runners idle', async () => {
  await start();
  await announce(0);
  await announce(1);
  environment.queued = [queued(['self-hosted'], 1), queued(['self-hosted', 'fuzz-a'], 1)];
  await tells([2, 1]);
  await pools[0]?.see(({ counts }) => counts.available === 2, 'two idle runners');
  await pools[1]?.see(({ counts }) => counts.available === 1, 'one idle runner');
  environment.queued = [];
  await tells([0, 0]);
});

test('jobs that no pool can ever serve are listed', async () => {
  await start();
  await announce(0);
  await announce(1);
  const macos = queued(['macos-latest'], 1);
  environment.queued = [macos, queued(['fuzz-b'], 1)];
  await tells([0, 1]);
  expect(await demand.query(demandStatusQuery)).toMatchObject({ unservable: [macos], trouble: null });
});

test('a pool that comes later is told at once', async () => {
  await start();
  await announce(0);
  environment.queued = [queued(['self-hosted'], 3)];
  await tells([3, 0]);
  await announce(1);
  await tells([3, 3]);
});

test('a pool that is gone is forgotten, and the others are told all the same', async () => {
  await start();
  await announce(0);
  await announce(1);
  environment.queued = [queued(['self-hosted'], 1)];
  await tells([1, 1]);
  await pools.splice(0, 1)[0]?.end();
  environment.queued = [queued(['self-hosted'], 2)];
  await tells([2]);
  const { pools: known } = await demand.query(demandStatusQuery);
  expect(known.map(({ host }) => host)).toEqual([sites[1].host]);
});

test('says why the queue can not be seen, and sees it again', async () => {
  await start();
  environment.queueFault = failure('GithubUnavailable', 'no answer');
  await announce(0);
  await environment.see(
    async () => (await demand.query(demandStatusQuery)).trouble === 'no answer',
    'trouble',
  );
  environment.queueFault = null;
  environment.queued = [queued(['self-hosted'], 1)];
  await environment.until(async () => (await queuedFor())[0] === 1, 60_000);
  expect((await demand.query(demandStatusQuery)).trouble).toBeNull();
});

test('pools are told that the queue is not seen any more, and that it is again, though it is as it was', async () => {
  await start();
  await announce(0);
  environment.queued = [queued(['self-hosted'], 1)];
  await tells([1, 0]);
  environment.queueFault = failure('GithubUnavailable', 'no answer');
  await pools[0]?.see(({ demand }) => demand.unseen === true && demand.queued === 1, 'an unseen queue');
  environment.queueFault = null;
  await environment.until(async () => (await pools[0]?.status())?.demand.unseen === undefined, 60_000);
  expect((await demand.query(demandStatusQuery)).trouble).toBeNull();
});

test('goes on as new with its pools and its last look', async () => {
  await start(60);
  await announce(0);
  await announce(1);
  const runId = async () => (await demand.describe()).runId;
  const first = await runId();
  let jobs = 0;
  while ((await runId()) === first) {
    environment.queued = [queued(['self-hosted'], (jobs += 1))];
    await tells([jobs, jobs]);
  }
  expect(await demand.query(demandStatusQuery)).toMatchObject({
    pools: [{ host: sites[0].host }, { host: sites[1].host }],
    queued: [{ count: jobs }],
  });
  environment.queued = [];
  await tells([0, 0]);
});

test('looks at once when a pool says that a job has begun', async () => {
  await start();
  await announce(0);
  const before = environment.queueLooks;
  // The first is news, whatever it sees; the second lasts until there is news.
  await environment.see(() => environment.queueLooks === before + 2, 'a look that lasts');
  const waiting = environment.queueLooks;
  await demand.signal(lookAtQueueSignal);
  await environment.see(() => environment.queueLooks > waiting, 'another look');
  environment.queued = [queued(['fuzz-a'], 2)];
  await environment.see(async () => (await queuedFor())[0] === 2, 'demand');
});
