import { expect, test } from '@jest/globals';
import { createMetrics } from '../../workers/metrics.js';
import { demandStatus } from '../../workflows/policy/demand.js';
import { poolStatus } from '../../workflows/policy/status.js';
import {
  aPool,
  busy,
  creating,
  idle,
  minutes,
  now,
  registering,
  removing,
  standby,
} from '../policy/builders.js';

const calls = {
  requests: 12,
  counted: 3,
  notModified: 6,
  unanswered: 1,
  limit: 5000,
  remaining: 4997,
  resetAt: now,
  blockedUntil: null,
};

function told() {
  const state = aPool(
    { maxConcurrentJobs: 7 },
    [...creating(1), ...standby(2), ...registering(1), ...idle(2, { system: 'old' }), ...busy(1)],
    [...removing(2), ...removing(3, { containerGone: true })],
  );
  state.demand = { queued: 4, at: now, oldestQueuedAt: now - minutes(2) };
  state.drain = { mode: 'finish-jobs', since: now };
  state.totals = {
    ...state.totals,
    created: 50,
    removed: 40,
    jobs: 30,
    interrupted: 2,
    failed: 5,
    stuckRecycled: 1,
    lostContact: 4,
  };
  state.github = { ok: false, type: 'GithubUnavailable', reason: '502', since: now };
  const jobs = { labels: ['macos-latest'], count: 3, oldestQueuedAt: now, jobs: [] };
  const pools = [{ host: 'cdk-runner-01', labels: ['self-hosted', 'nix'], pollIntervalMs: 1 }];
  return {
    pool: poolStatus(state, now),
    demand: demandStatus('cashubtc/cdk', pools, { at: now, queued: [jobs] }, null),
  };
}

/** Series of ours by name and labels, without the host's label that each has. */
async function ours(...seen: Parameters<ReturnType<typeof createMetrics>['text']>) {
  const text = await createMetrics('cdk-runner-01').text(...seen);
  const lines = text.split('\n').filter((line) => line.startsWith('runner_pool_'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', others = '', value] =
        /^runner_pool_(\w+)\{(?:(.+),)?host="cdk-runner-01"\} (\S+)$/.exec(line) ?? [line, line];
      return [others ? `${name} ${others}` : name, Number(value)];
    }),
  );
}

test('shows the pool as its workflow tells of it', async () => {
  expect(await ours(told(), calls, now)).toEqual({
    status_known: 1,
    'runners state="creating"': 1,
    'runners state="standby"': 2,
    'runners state="idle"': 3,
    'runners state="busy"': 1,
    'runners state="removing"': 2,
    registration_debts: 3,
    max_concurrent_jobs: 7,
    warm_runners: 7,
    standby_containers: 1,
    drained: 1,
    outdated_runners: 2,
    held_back: 0,
    'healthy part="github"': 0,
    'healthy part="host"': 1,
    'healthy part="disk"': 1,
    'healthy part="queue"': 1,
    queued_jobs: 4,
    oldest_queued_job_age_seconds: 120,
    unservable_jobs: 3,
    containers_created_total: 50,
    containers_removed_total: 40,
    'jobs_total outcome="completed"': 30,
    'jobs_total outcome="interrupted"': 2,
    runners_failed_total: 5,
    stuck_recycled_total: 1,
    lost_contacts_total: 4,
    'github_requests_total result="counted"': 3,
    'github_requests_total result="not_modified"': 6,
    'github_requests_total result="unanswered"': 1,
    'github_requests_total result="free"': 2,
    github_blocked: 0,
    github_rate_limit: 5000,
    github_rate_limit_remaining: 4997,
  });
});

test('shows no old figure of the pool while Temporal tells nothing', async () => {
  const unlimited = { ...calls, limit: null, remaining: null, blockedUntil: now };
  expect(await ours(null, unlimited, now)).toEqual({
    status_known: 0,
    'github_requests_total result="counted"': 3,
    'github_requests_total result="not_modified"': 6,
    'github_requests_total result="unanswered"': 1,
    'github_requests_total result="free"': 2,
    github_blocked: 1,
  });
});

test('tells of the process too', async () => {
  const text = await createMetrics('cdk-runner-01').text(null, calls, now);
  expect(text).toMatch(/^process_resident_memory_bytes\{host="cdk-runner-01"\} \d+$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds\{host="cdk-runner-01"\} \S+$/m);
});
