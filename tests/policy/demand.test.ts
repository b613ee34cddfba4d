import { expect, test } from '@jest/globals';
import type { DemandReport, QueuedJobs } from '../../workflows/model.js';
import { canServe, demandOf, demandStatus, noteDemand, unservable } from '../../workflows/policy/demand.js';
import { aPool } from './builders.js';

const poolA = {
  host: 'cdk-runner-01',
  labels: ['self-hosted', 'nix', 'Linux', 'fuzz-a'],
  pollIntervalMs: 10_000,
};
const poolB = { ...poolA, host: 'cdk-runner-02', labels: ['self-hosted', 'nix', 'Linux', 'fuzz-b'] };

function queued(labels: string[], count: number, oldestQueuedAt: number): QueuedJobs {
  const url = `https://github.com/cashubtc/cdk/actions/runs/1/job/${oldestQueuedAt}`;
  return {
    labels,
    count,
    oldestQueuedAt,
    jobs: [{ id: 1, name: `job ${oldestQueuedAt}`, url, queuedAt: oldestQueuedAt }],
  };
}

const report: DemandReport = {
  at: 500,
  queued: [
    queued(['self-hosted'], 3, 200),
    queued(['self-hosted', 'fuzz-a'], 1, 100),
    queued(['macos-latest'], 2, 50),
  ],
};

test.each([
  [['self-hosted', 'nix'], ['self-hosted'], true],
  [['self-hosted', 'Linux'], ['SELF-HOSTED', 'linux'], true],
  [['self-hosted'], ['self-hosted', 'nix'], false],
  [['self-hosted'], [], true],
  [['nix'], ['ni'], false],
])('a runner with %j serves a job that asks for %j: %s', (runner, job, served) => {
  expect(canServe(runner, job)).toBe(served);
});

test('counts for a pool what its labels can serve, with the oldest of it', () => {
  expect(demandOf(poolA, report)).toEqual({
    queued: 4,
    at: 500,
    oldestQueuedAt: 100,
    oldestJob: { name: 'job 100', url: 'https://github.com/cashubtc/cdk/actions/runs/1/job/100' },
  });
});

test('says of a queue that can not be seen any more how it was, and that it is not seen', () => {
  expect(demandOf(poolB, report, '502')).toMatchObject({
    queued: 3,
    at: 500,
    oldestQueuedAt: 200,
    unseen: true,
  });
});

test('a job that two pools can serve counts for both', () => {
  expect([demandOf(poolA, report).queued, demandOf(poolB, report).queued]).toEqual([4, 3]);
});

test('names no oldest job when nothing can be served', () => {
  expect(demandOf({ ...poolA, labels: ['windows'] }, report)).toEqual({ queued: 0, at: 500 });
});

test('lists jobs that no pool can ever serve', () => {
  expect(unservable([poolA, poolB], report)).toEqual([queued(['macos-latest'], 2, 50)]);
});

test('calls nothing unservable before it knows a pool', () => {
  expect(unservable([], report)).toEqual([]);
});

test('shows who could serve what', () => {
  const {
    queued: groups,
    unservable: none,
    oldestQueuedAt,
  } = demandStatus('cashubtc/cdk', [poolA, poolB], report, null);
  expect([groups.map(({ servedBy }) => servedBy), none.length, oldestQueuedAt]).toEqual([
    [['cdk-runner-01', 'cdk-runner-02'], ['cdk-runner-01'], []],
    1,
    50,
  ]);
});

test('a pool takes the demand of before its own start, and none that is older than what it knows', () => {
  const state = aPool({});
  noteDemand(state, { queued: 4, at: 500 });
  noteDemand(state, { queued: 9, at: 400 });
  expect(state.demand).toEqual({ queued: 4, at: 500 });
});
