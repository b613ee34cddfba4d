import type { Census } from './census.js';
import type { PoolState } from './pool-state.js';

/** How many runners of each kind there should be. */
export interface Targets {
  /** Registered and waiting, besides the busy ones. */
  available: number;
  /** Unregistered containers, standing or in the making, beyond those that `available` still needs. */
  standby: number;
}

/**
 * Warm runners are kept whatever the queue; queued jobs raise both numbers up to `maxConcurrentJobs`, so that each
 * job that ends finds a booted container to hand its place to. With `standbyContainers` 0 no container waits.
 */
export function targets(state: PoolState, census: Census): Targets {
  if (state.drain) return { available: 0, standby: 0 };
  const { maxConcurrentJobs, warmRunners, standbyContainers } = census.config;
  const { queued } = state.demand;
  const room = Math.max(0, maxConcurrentJobs - census.busy.length);
  const available = Math.min(room, Math.max(warmRunners, queued));
  if (standbyContainers === 0) return { available, standby: 0 };
  const waiting = Math.max(0, queued - available);
  const successors = Math.min(waiting, maxConcurrentJobs);
  return { available, standby: Math.max(standbyContainers, successors) };
}
