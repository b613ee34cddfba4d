/**
 * The words that workflows and activities share. Everything here crosses a process boundary, so it is plain
 * JSON: no Map, Set, Date or class. Times are milliseconds since the epoch (`…At`), durations end in `Ms`.
 */

/** Where a runner is in its one life; `policy/lifecycle.ts` has the legal moves. */
export type Phase = 'creating' | 'standby' | 'registering' | 'idle' | 'busy' | 'removing' | 'removed';

/** What a host's worker asks of its pool; sent as `configure` when the worker starts. Holds no secret. */
export interface PoolConfig {
  /** Host name, e.g. `cdk-runner-01`; first part of every runner name of this pool. */
  host: string;
  /** `owner/repo`. */
  repository: string;
  /** All labels a runner of this pool registers with, e.g. self-hosted, ci, nix, x64, Linux, fuzz-a. */
  labels: string[];
  /** Most runners that may be registered (idle + busy) at once. */
  maxConcurrentJobs: number;
  /** Runners kept idle when nothing is queued; queued jobs raise it up to `maxConcurrentJobs`. */
  warmRunners: number;
  /** Booted, unregistered containers kept besides; queued jobs raise it too, unless it is 0. */
  standbyContainers: number;
  pollIntervalMs: number;
  /** Longest time a runner may be busy. */
  jobTimeoutMs: number;
  /** Longest time from the start of a container, and from its activation, until it must be ready. */
  runnerStartupTimeoutMs: number;
  /** Store path of the built container system. */
  containerSystem: string;
  /** GitHub's web address, for links to runs: https://github.com. */
  githubServerUrl: string;
}

/** A job as the runner's hooks report it: from inside the container, so only ever shown, never trusted. */
export interface Job {
  repository: string;
  workflow: string;
  job: string;
  runId: string;
  runAttempt: number;
  url: string;
  startedAt: number;
  completedAt?: number;
}

/** Why a runner's life ended. */
export type EndReason =
  | 'job-done'
  | 'drain'
  | 'cleanup'
  | 'recycle'
  | 'scale-down'
  | 'outdated'
  | 'job-timeout'
  | 'startup-timeout'
  | 'ghost'
  | 'stuck'
  | 'host-silent'
  | 'container-lost'
  | 'container-failed'
  | 'runner-exited'
  | 'runner-deprecated'
  | 'runner-name-taken'
  | 'cancelled';

/** `completed`: served its one job. `interrupted`: ended under a job. `unused`: ended by decision, no job. */
export type Outcome = 'completed' | 'interrupted' | 'unused' | 'failed';

/** A runner as its pool knows it. */
export interface RunnerState {
  /** Container name, `<5 hex>-r<slot>`. */
  name: string;
  slot: number;
  /** Name on GitHub, `<host>-<container name>`. */
  runnerName: string;
  runnerId?: number;
  phase: Phase;
  phaseSince: number;
  createdAt: number;
  /** The container system it was made from. */
  system: string;
  /** What it is registered with; empty while it is not. */
  labels: string[];
  job?: Job;
  /** Set once the end has begun. */
  endReason?: EndReason;
  endDetail?: string;
  /** The container is destroyed; what may be left is a GitHub registration that can't be removed yet. */
  containerGone: boolean;
  /** Activations that came to nothing: the runner is on standby again. */
  activationsFailed: number;
  /** Requests to end that were declined because a job is running. */
  endsRefused: number;
  /** Grows with each report, so that a late one is recognised: signals may overtake each other. */
  version: number;
  /** Last trouble, in a sentence, and its failure type. */
  trouble?: { type: string; message: string; retryAfterMs?: number };
}

/** The whole life of a runner: the result of its workflow. */
export interface RunnerTimeline {
  host: string;
  name: string;
  runnerName: string;
  runnerId?: number;
  system: string;
  phases: { phase: Phase; at: number }[];
  job?: Job;
  outcome: Outcome;
  endReason: EndReason;
  endDetail?: string;
  /** Exit code of the runner program, where it reported one. */
  exitCode?: number;
  /** Where the kept logs are on the host. */
  logs?: string;
}

/** A self-hosted runner as GitHub's list has it, cut to what the pool judges by. */
export interface GithubRunner {
  id: number;
  name: string;
  status: 'online' | 'offline';
  busy: boolean;
}

/** A container as the host has it. */
export interface HostContainer {
  name: string;
  state: 'up' | 'down';
}

/** One good look at the host. */
export interface HostReport {
  at: number;
  containers: HostContainer[];
  /** Names whose runner workflow is not running although the pool holds it for alive. */
  orphans: string[];
  /** Why no further container may be made here, e.g. too little disk space; absent when all is well. */
  full?: string;
}

/** One good look at GitHub's runner list: this host's runners only. */
export interface RegistrationReport {
  at: number;
  runners: GithubRunner[];
}

/** Queued jobs that ask for the same labels. */
export interface QueuedJobs {
  labels: string[];
  count: number;
  oldestQueuedAt: number;
  /** A few of them, oldest first. */
  jobs: { id: number; name: string; url: string; queuedAt: number }[];
}

/** One good look at the repository's queued jobs. */
export interface DemandReport {
  at: number;
  queued: QueuedJobs[];
}

/** Events that a container reports by files in `out/`, in the order of a life. */
export const runnerEventNames = ['booted', 'listening', 'job-started', 'job-completed', 'exited'] as const;
export type RunnerEventName = (typeof runnerEventNames)[number];

/** What a container has reported so far. Untrusted: shaped by zod, and believed only as far as it harms itself. */
export interface RunnerEvents {
  booted?: { at: number };
  listening?: { at: number };
  'job-started'?: JobEvent;
  'job-completed'?: JobEvent;
  exited?: { at: number; exitCode: number; serviceResult: string };
  /** Event files that were refused, in a sentence each. */
  refused: string[];
}

export interface JobEvent {
  at: number;
  repository: string;
  workflow: string;
  job: string;
  runId: string;
  runAttempt: number;
  runnerName: string;
}

/** Name of the task queue that any host's worker serves. */
export const sharedTaskQueue = 'runner-pool';
export const hostTaskQueue = (host: string) => `host-${host}`;
export const poolWorkflowId = (host: string) => `pool/${host}`;
export const runnerWorkflowId = (host: string, name: string) => `runner/${host}/${name}`;
export const demandWorkflowId = (repository: string) => `demand/${repository}`;
