import type { DemandReport, QueuedJobs } from '../model.js';
import type { Demand, PoolState } from './pool-state.js';

/** A pool that wants to know what it could serve; sent by its worker on start. */
export interface PoolAnnouncement {
  host: string;
  labels: string[];
  pollIntervalMs: number;
}

/** The repository's queued jobs as the demand workflow sees them. */
export interface DemandStatus {
  repository: string;
  pools: PoolAnnouncement[];
  queued: (QueuedJobs & { servedBy: string[] })[];
  /** Queued jobs whose labels no pool's runners carry. */
  unservable: QueuedJobs[];
  oldestQueuedAt: number | null;
  /** Why the queue can't be seen now. */
  trouble: string | null;
  at: number | null;
}

/** GitHub gives a job to a runner that carries all of the job's labels; case does not matter. */
export function canServe(runnerLabels: string[], jobLabels: string[]): boolean {
  const carried = new Set(runnerLabels.map((label) => label.toLowerCase()));
  return jobLabels.every((label) => carried.has(label.toLowerCase()));
}

/**
 * What one pool could serve of what is queued. A job that two pools can serve counts for both.
 * @param trouble why the queue can't be seen any more since that report
 */
export function demandOf(
  pool: PoolAnnouncement,
  report: DemandReport,
  trouble: string | null = null,
): Demand {
  const served = report.queued.filter(({ labels }) => canServe(pool.labels, labels));
  const oldest = [...served].sort((a, b) => a.oldestQueuedAt - b.oldestQueuedAt)[0];
  const job = oldest?.jobs[0];
  return {
    queued: served.reduce((sum, { count }) => sum + count, 0),
    at: report.at,
    ...(oldest && { oldestQueuedAt: oldest.oldestQueuedAt }),
    ...(job && { oldestJob: { name: job.name, url: job.url } }),
    ...(trouble !== null && { unseen: true }),
  };
}

/** Takes in what this pool could serve. */
export function noteDemand(state: PoolState, demand: Demand): void {
  if (demand.at >= state.demand.at) state.demand = demand;
}

/** Jobs that no pool can ever serve, unless a pool with their labels is added. */
export function unservable(pools: PoolAnnouncement[], report: DemandReport): QueuedJobs[] {
  if (pools.length === 0) return [];
  return report.queued.filter(({ labels }) => !pools.some((pool) => canServe(pool.labels, labels)));
}

export function demandStatus(
  repository: string,
  pools: PoolAnnouncement[],
  report: DemandReport | null,
  trouble: string | null,
): DemandStatus {
  const queued = report?.queued ?? [];
  const oldest = queued.map(({ oldestQueuedAt }) => oldestQueuedAt);
  return {
    repository,
    pools,
    queued: queued.map((group) => ({
      ...group,
      servedBy: pools.filter((pool) => canServe(pool.labels, group.labels)).map(({ host }) => host),
    })),
    unservable: report ? unservable(pools, report) : [],
    oldestQueuedAt: oldest.length > 0 ? Math.min(...oldest) : null,
    trouble,
    at: report?.at ?? null,
  };
}
