import { Counter, Gauge, Registry } from 'prom-client';
import type { GithubCounters } from '../activities/github-budget.js';
import type { DemandStatus } from '../workflows/policy/demand.js';
import type { PoolStatus } from '../workflows/policy/status.js';

/** What the workflows tell. */
export interface Told {
  pool: PoolStatus;
  demand: DemandStatus;
}

/** Sets a value that may have labels; each label has few values, all known beforehand. */
type Show = (name: string, help: string, value: number | Labelled) => void;
interface Labelled {
  label: string;
  values: Record<string, number>;
}

const prefix = 'runner_pool_';

/**
 * The pool as its workflow tells of it; built anew for each look, since the truth is Temporal's. While that tells
 * nothing (null) there is nothing but the word that it does not: no old figure passes for a new one.
 */
export function poolMetrics(host: string, told: Told | null, now: number): Registry {
  const registry = hostRegistry(host);
  const { gauge, counter } = showIn(registry);
  gauge('status_known', "0 while Temporal does not tell the pool's status.", Number(told !== null));
  if (!told) return registry;
  const { pool, demand } = told;
  const { config, counts, totals } = pool;
  gauge('runners', 'Containers of the pool, by what their runners are at.', {
    label: 'state',
    values: {
      creating: counts.creating,
      standby: counts.standby,
      idle: counts.available,
      busy: counts.busy,
      removing: counts.removing - debts(pool),
    },
  });
  gauge(
    'registration_debts',
    'Registrations that GitHub does not let go although their containers are gone.',
    debts(pool),
  );
  gauge('max_concurrent_jobs', 'Most runners that may be registered.', config.maxConcurrentJobs);
  gauge('warm_runners', 'Runners kept idle when nothing is queued.', config.warmRunners);
  gauge('standby_containers', 'Booted, unregistered containers kept besides.', config.standbyContainers);
  gauge('drained', '1 while the pool takes no further job.', Number(pool.drain !== null));
  gauge(
    'outdated_runners',
    'Runners made from another system than the configured one.',
    count(pool, 'outdated'),
  );
  gauge('held_back', 'Things that the pool would do but for something in the way.', pool.held.length);
  gauge('healthy', '0 while the pool can not work with GitHub or its host, or the disk is full.', {
    label: 'part',
    values: {
      github: Number(pool.github.ok),
      host: Number(pool.hostHealth.ok),
      disk: Number(pool.full === null),
      queue: Number(demand.trouble === null),
    },
  });
  gauge('queued_jobs', 'Queued jobs that this pool could run.', pool.demand.queued);
  gauge(
    'oldest_queued_job_age_seconds',
    'How long the oldest of them has waited; 0 when none waits.',
    ageSeconds(pool.demand.oldestQueuedAt, now),
  );
  gauge(
    'unservable_jobs',
    'Queued jobs of the repository that no pool can ever run.',
    demand.unservable.reduce((sum, group) => sum + group.count, 0),
  );
  counter('containers_created_total', 'Containers that were ordered.', totals.created);
  counter('containers_removed_total', 'Containers that are gone again.', totals.removed);
  counter(
    'jobs_total',
    'Jobs that ended, by whether their runner reported the end or was ended under them.',
    {
      label: 'outcome',
      values: { completed: totals.jobs, interrupted: totals.interrupted },
    },
  );
  counter(
    'lost_contacts_total',
    'Times that GitHub saw a busy runner offline: starved of memory or CPU, or without network.',
    totals.lostContact,
  );
  counter('runners_failed_total', 'Runners that failed before any job.', totals.failed);
  counter(
    'stuck_recycled_total',
    'Idle runners that were replaced because jobs for them stayed queued.',
    totals.stuckRecycled,
  );
  return registry;
}

/** What this process has asked of GitHub. */
export function githubMetrics(host: string, calls: GithubCounters): Registry {
  const registry = hostRegistry(host);
  const { gauge, counter } = showIn(registry);
  counter('github_requests_total', 'Requests to GitHub, by what became of them.', {
    label: 'result',
    values: {
      counted: calls.counted,
      not_modified: calls.notModified,
      unanswered: calls.unanswered,
      free: calls.requests - calls.counted - calls.notModified - calls.unanswered,
    },
  });
  gauge('github_blocked', '1 while GitHub wants no calls.', Number(calls.blockedUntil !== null));
  if (calls.limit !== null && calls.remaining !== null) {
    gauge('github_rate_limit', 'Calls that GitHub allows in an hour.', calls.limit);
    gauge('github_rate_limit_remaining', 'How many of them are left, as last told.', calls.remaining);
  }
  return registry;
}

/** A registry whose series all carry the host's name. */
export function hostRegistry(host: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ host });
  return registry;
}

function showIn(registry: Registry): { gauge: Show; counter: Show } {
  const registers = [registry];
  return {
    gauge(name, help, value) {
      const metric = new Gauge({ name: prefix + name, help, labelNames: labelsOf(value), registers });
      for (const [labels, number] of series(value)) metric.set(labels, number);
    },
    counter(name, help, value) {
      const metric = new Counter({ name: prefix + name, help, labelNames: labelsOf(value), registers });
      for (const [labels, number] of series(value)) metric.inc(labels, number);
    },
  };
}

const labelsOf = (value: number | Labelled) => (typeof value === 'number' ? [] : [value.label]);

function series(value: number | Labelled): [Record<string, string>, number][] {
  if (typeof value === 'number') return [[{}, value]];
  return Object.entries(value.values).map(([name, number]) => [{ [value.label]: name }, number]);
}

const debts = ({ runners }: PoolStatus) =>
  runners.filter(({ phase, containerGone }) => phase === 'removing' && containerGone).length;

const count = ({ runners }: PoolStatus, flag: 'outdated') => runners.filter((runner) => runner[flag]).length;

const ageSeconds = (at: number | undefined, now: number) =>
  at === undefined ? 0 : Math.max(0, now - at) / 1000;
