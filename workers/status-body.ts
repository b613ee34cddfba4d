import type { GithubCounters } from '../activities/github-budget.js';
import type { DemandStatus } from '../workflows/policy/demand.js';
import type { PoolStatus, RunnerStatus } from '../workflows/policy/status.js';

interface Sources {
  pool: PoolStatus;
  demand: DemandStatus;
  github: GithubCounters;
  now: number;
  uptimeMs: number;
}

/** The body of `GET /status`. Names in snake case: programs have read the first ones since the Rust controller. */
export function statusBody({ pool, demand, github, now, uptimeMs }: Sources) {
  const { config } = pool;
  return {
    pool_size: config.maxConcurrentJobs,
    active_containers: pool.runners.length,
    containers: pool.runners.map((runner) => containerBody(runner, now)),
    poll_interval_seconds: config.pollIntervalMs / 1000,
    job_timeout_seconds: config.jobTimeoutMs / 1000,
    runner_startup_timeout_seconds: config.runnerStartupTimeoutMs / 1000,
    uptime_seconds: Math.floor(uptimeMs / 1000),
    host: pool.host,
    repository: config.repository,
    labels: config.labels,
    warm_runners: config.warmRunners,
    standby_containers: config.standbyContainers,
    container_system: config.containerSystem,
    resized: pool.resized,
    counts: pool.counts,
    drain: pool.drain && { ...pool.drain, since: new Date(pool.drain.since).toISOString() },
    held: pool.held,
    full: pool.full,
    github: { ...healthBody(pool.github), calls: github },
    host_health: healthBody(pool.hostHealth),
    last_look_at_host: pool.lastLookAtHost,
    last_look_at_github: pool.lastLookAtGithub,
    totals: pool.totals,
    interrupted_jobs: pool.interrupted.map(({ at, ...job }) => ({ at: new Date(at).toISOString(), ...job })),
    rejected_orders: pool.rejected,
    demand: {
      queued: pool.demand.queued,
      oldest_queued_job: oldestJob(pool, now),
      unservable: demand.unservable,
      trouble: demand.trouble,
    },
  };
}

function containerBody(runner: RunnerStatus, now: number) {
  return {
    name: runner.name,
    slot: runner.slot,
    running_seconds: secondsSince(runner.createdAt, now),
    busy_seconds: runner.phase === 'busy' ? secondsSince(runner.phaseSince, now) : null,
    phase: runner.phase,
    phase_seconds: secondsSince(runner.phaseSince, now),
    standby: runner.phase === 'standby',
    runner_name: runner.runnerName,
    runner_id: runner.runnerId,
    github: runner.github,
    job: runner.job && { ...runner.job, startedAt: new Date(runner.job.startedAt).toISOString() },
    ending: runner.ending,
    outdated: runner.outdated,
    reason: runner.endReason ?? runner.trouble,
  };
}

function oldestJob({ demand }: PoolStatus, now: number) {
  if (demand.oldestQueuedAt === undefined) return null;
  return {
    ...demand.oldestJob,
    age_seconds: secondsSince(new Date(demand.oldestQueuedAt).toISOString(), now),
  };
}

function healthBody(health: PoolStatus['github']) {
  if (health.ok) return { ok: true };
  return { ok: false, type: health.type, reason: health.reason, since: new Date(health.since).toISOString() };
}

function secondsSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
}
