import type { EndReason, HostReport, PoolConfig, RegistrationReport, RunnerState } from '../model.js';

/** A runner with what its pool has told it; what it has answered stands in `RunnerState`. */
export interface PoolRunner extends RunnerState {
  activationsSent: number;
  endsSent: number;
  /** Taken over, and not heard of yet: it may be registered. */
  adopting: boolean;
  /** When it last declined to end; an order that is not forced waits a while after that. */
  endRefusedAt?: number;
  /** An order did not reach it, since its workflow is gone. */
  orphaned?: boolean;
  /** It was told to end even under a job. */
  endForced: boolean;
  /** An order from outside the planner (cleanup, recycle) that the next plan carries out. */
  mustEnd?: { reason: EndReason; force: boolean; detail?: string };
  /** Good looks at GitHub in a row that did not show this runner although it should be there. */
  absentLooks: number;
  /** Since when GitHub's last list has not shown it; counts only together with `absentLooks`. */
  absentSince?: number;
  /** GitHub's word at its last good look. */
  githubStatus?: 'online' | 'offline';
  githubBusy: boolean;
  /** Looks at the host in a row that found its container down or missing although it should be up. */
  downLooks: number;
}

export interface Drain {
  mode: 'finish-jobs' | 'now';
  reason?: string;
  since: number;
}

/** Whether an outside system can be worked with, and why not. */
export type Health =
  { ok: true } | { ok: false; type: string; reason: string; since: number; retryAt?: number };

/** GitHub refuses registrations, though its lists may be readable; one runner tries again at `retryAt`. */
export interface RegistrationPause {
  type: string;
  reason: string;
  since: number;
  retryAt: number;
}

/** Failures of late, and the pause they call for. */
export interface Backoff {
  failures: number;
  lastAt: number;
  notBefore: number;
  reason?: string;
}

export interface Resize {
  maxConcurrentJobs?: number;
  warmRunners?: number;
  standbyContainers?: number;
}

/** Queued jobs that this pool's runners can serve. */
export interface Demand {
  queued: number;
  oldestQueuedAt?: number;
  oldestJob?: { name: string; url: string };
  at: number;
  /** The queue can't be seen now: this is how it was, and some of it may be over. */
  unseen?: boolean;
}

/** A job whose runner was ended, or lost, under it: GitHub may show its run as in progress for hours. */
export interface InterruptedJob {
  at: number;
  runnerName: string;
  reason: string;
  job: string;
  /** Of the run, where a person can cancel it. */
  url: string;
}

/** A registration under one of our names that belongs to no runner we know. */
export interface StrayRegistration {
  id: number;
  looks: number;
  since: number;
}

/** All that a pool remembers; the input of its next run after continue-as-new. */
export interface PoolState {
  /** As the worker configured it; `resized` lies over it. */
  config: PoolConfig;
  resized: Resize;
  drain: Drain | null;
  runners: Record<string, PoolRunner>;
  /** Names gone for good, with the time: a look at the host from before must not bring them back. */
  graves: Record<string, number>;
  strays: Record<string, StrayRegistration>;
  lastSerial: number | null;
  demand: Demand;
  github: Health;
  registrationPause: RegistrationPause | null;
  host: Health;
  hostReport: HostReport | null;
  registrations: RegistrationReport | null;
  /** Containers that could not be made or started. */
  creation: Backoff;
  /** No standby container is begun before: the hand-overs of this moment come first. */
  handOverUntil: number;
  /** When the demand workflow was last asked to look at the queue at once. */
  queueAskedAt: number;
  /** How many containers may be in the making at once; falls to one on a failure, doubles on each success. */
  creationAllowance: number;
  /** Runners that ended before any job: a deprecated version, a listener that crashes. */
  activation: Backoff;
  /** When an idle runner was last replaced because queued jobs did not reach it. */
  stuckRecycledAt: number;
  totals: {
    created: number;
    removed: number;
    jobs: number;
    interrupted: number;
    failed: number;
    stuckRecycled: number;
    /** Busy runners that GitHub called offline: their listeners were starved, or their network was away. */
    lostContact: number;
  };
  /** The last ones, newest last. */
  interrupted: InterruptedJob[];
  /** Orders that came in a form we could not read, newest last. */
  rejected: { at: number; order: string; reason: string }[];
}

export const creationCap = 32;

/** A pool that knows nothing yet. Health starts as unknown-but-well: the first look decides. */
export function newPoolState(config: PoolConfig): PoolState {
  return {
    config,
    resized: {},
    drain: null,
    runners: {},
    graves: {},
    strays: {},
    lastSerial: null,
    demand: { queued: 0, at: 0 },
    github: { ok: true },
    registrationPause: null,
    host: { ok: true },
    hostReport: null,
    registrations: null,
    creation: { failures: 0, lastAt: 0, notBefore: 0 },
    handOverUntil: 0,
    queueAskedAt: 0,
    creationAllowance: creationCap,
    activation: { failures: 0, lastAt: 0, notBefore: 0 },
    stuckRecycledAt: 0,
    totals: {
      created: 0,
      removed: 0,
      jobs: 0,
      interrupted: 0,
      failed: 0,
      stuckRecycled: 0,
      lostContact: 0,
    },
    interrupted: [],
    rejected: [],
  };
}

/** What an earlier run knew; what its version of the worker did not know of yet begins as in a new pool. */
export function restoredPoolState(state: PoolState): PoolState {
  const blank = newPoolState(state.config);
  return { ...blank, ...state, totals: { ...blank.totals, ...state.totals } };
}

/** The configuration in force: the worker's, with what `resize` changed. */
export function effectiveConfig(state: PoolState): PoolConfig {
  const config = { ...state.config, ...state.resized };
  return { ...config, warmRunners: Math.min(config.warmRunners, config.maxConcurrentJobs) };
}
