import type { Job, Phase, PoolConfig, RunnerState } from '../model.js';
import { isEnding, isOutdated, takeCensus } from './census.js';
import { isAlive } from './lifecycle.js';
import { plan } from './plan.js';
import { effectiveConfig, type Demand, type Drain, type Health, type PoolState } from './pool-state.js';

export interface RunnerStatus {
  name: string;
  slot: number;
  runnerName: string;
  runnerId: number | null;
  phase: Phase;
  phaseSince: string;
  createdAt: string;
  job: Job | null;
  /** It has been told to end. */
  ending: boolean;
  outdated: boolean;
  endReason: string | null;
  /** Its container is destroyed; what is left is a registration that GitHub does not let go yet. */
  containerGone: boolean;
  /** GitHub's word at its last good look: online, offline; null when not listed. */
  github: 'online' | 'offline' | null;
  trouble: string | null;
}

/** A pool as people and programs see it. */
export interface PoolStatus {
  host: string;
  config: PoolConfig;
  resized: boolean;
  drain: Drain | null;
  counts: { creating: number; standby: number; available: number; busy: number; removing: number };
  runners: RunnerStatus[];
  demand: Demand;
  github: Health;
  hostHealth: Health;
  /** What stands in the way of what the pool would do, a sentence each. */
  held: string[];
  full: string | null;
  lastLookAtHost: string | null;
  lastLookAtGithub: string | null;
  totals: PoolState['totals'];
  /** Jobs whose runners were ended, or lost, under them, newest last. */
  interrupted: PoolState['interrupted'];
  rejected: PoolState['rejected'];
}

export function poolStatus(state: PoolState, now: number): PoolStatus {
  const census = takeCensus(state);
  return {
    host: state.config.host,
    config: effectiveConfig(state),
    resized: Object.keys(state.resized).length > 0,
    drain: state.drain,
    counts: {
      creating: census.creating.length,
      standby: census.standby.length,
      available: census.available.length,
      busy: census.busy.length,
      removing: Object.values(state.runners).filter((runner) => !isAlive(runner.phase)).length,
    },
    runners: Object.values(state.runners)
      .sort((a, b) => a.slot - b.slot || a.createdAt - b.createdAt)
      .map((runner) => ({
        ...shown(runner),
        ending: isEnding(runner),
        outdated: isOutdated(runner, census.config),
        github: runner.githubStatus ?? null,
      })),
    demand: state.demand,
    github:
      state.github.ok && state.registrationPause ? { ok: false, ...state.registrationPause } : state.github,
    hostHealth: state.host,
    held: plan(state, now).held,
    full: state.hostReport?.full ?? null,
    lastLookAtHost: iso(state.hostReport?.at),
    lastLookAtGithub: iso(state.registrations?.at),
    totals: state.totals,
    interrupted: state.interrupted,
    rejected: state.rejected,
  };
}

function shown(runner: RunnerState) {
  return {
    name: runner.name,
    slot: runner.slot,
    runnerName: runner.runnerName,
    runnerId: runner.runnerId ?? null,
    phase: runner.phase,
    phaseSince: new Date(runner.phaseSince).toISOString(),
    createdAt: new Date(runner.createdAt).toISOString(),
    job: runner.job ?? null,
    endReason: runner.endReason ?? null,
    containerGone: runner.containerGone,
    trouble: runner.trouble?.message ?? null,
  };
}

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
