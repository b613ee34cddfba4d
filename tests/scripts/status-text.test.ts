import { expect, test } from '@jest/globals';
import { statusText } from '../../scripts/lib/status-text.js';
import { poolStatus } from '../../workflows/policy/status.js';
import { aPool, idle, standby } from '../policy/builders.js';

function textOf(changes: (state: ReturnType<typeof aPool>) => void): string[] {
  const state = aPool({ maxConcurrentJobs: 1 }, idle(1), standby(1));
  changes(state);
  return statusText({
    host: 'cdk-runner-01',
    worker: { active: true, identity: 'cdk-runner-01/7', lastSeenAt: new Date().toISOString() },
    pool: poolStatus(state, Date.now()),
    demand: null,
    github: { runners: null, trouble: 'not asked' },
  }).split('\n');
}

const beginning = (lines: string[], word: string) => lines.filter((line) => line.startsWith(word));

test('shows the jobs that were interrupted within six hours, with the runs to cancel (elizaOS#11045)', () => {
  const hour = 3_600_000;
  const interrupted = (hoursAgo: number) => ({
    at: Date.now() - hoursAgo * hour,
    runnerName: 'cdk-runner-01-3a1f9-r0',
    reason: 'container-lost: its container is down',
    job: `job ${hoursAgo}`,
    url: 'https://github.com/cashubtc/cdk/actions/runs/1/attempts/1',
  });
  const lines = textOf((state) => void (state.interrupted = [interrupted(7), interrupted(2)]));
  expect(beginning(lines, 'Interrupted')).toEqual([
    'Interrupted job 2, 2h ago, by container-lost: its container is down: cancel or run it again at ' +
      'https://github.com/cashubtc/cdk/actions/runs/1/attempts/1',
  ]);
});

test('says that idle runners were replaced because jobs did not reach them (actions/runner#3478)', () => {
  expect(
    beginning(
      textOf((state) => void (state.totals.stuckRecycled = 2)),
      'Recycled',
    ),
  ).toEqual(['Recycled    2 idle runners, since jobs for them stayed queued']);
});

test('says neither of a pool in which nothing happened', () => {
  const lines = textOf(() => undefined);
  expect([...beginning(lines, 'Interrupted'), ...beginning(lines, 'Recycled')]).toEqual([]);
});
