import { collectDefaultMetrics } from 'prom-client';
import type { GithubCounters } from '../activities/github-budget.js';
import { githubMetrics, hostRegistry, poolMetrics, type Told } from './metrics-pool.js';

/** What `GET /metrics` shows: this process, its calls to GitHub, and the pool as its workflow tells of it. */
export function createMetrics(host: string) {
  const registry = hostRegistry(host);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return {
    /** For what is counted as it happens. */
    registry,
    contentType: registry.contentType,
    async text(told: Told | null, calls: GithubCounters, now = Date.now()): Promise<string> {
      const shown = [registry, githubMetrics(host, calls), poolMetrics(host, told, now)];
      return (await Promise.all(shown.map((each) => each.metrics()))).join('');
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
