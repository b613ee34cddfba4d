/** Words of the simulated GitHub. Times are milliseconds since the epoch (`…At`), durations end in `Ms`. */

/**
 * `blocked`: its `needs` are not done, and GitHub's API does not know it yet. `waiting`: for a person's approval.
 * The rest are GitHub's own.
 */
type JobStatus = 'blocked' | 'waiting' | 'queued' | 'in_progress' | 'completed';
export type JobConclusion = 'success' | 'failure' | 'cancelled' | 'skipped';
/** What a runner may report. */
export type ReportedConclusion = Exclude<JobConclusion, 'skipped'>;

/** A job of a run to queue. Jobs of one matrix share their `id`; `needs` names ids and waits for every job of them. */
export interface JobSpec {
  id: string;
  name: string;
  runsOn: string[];
  needs?: string[];
  durationMs: number;
  /** Shell script that a runner may run instead of sleeping for `durationMs`. */
  script?: string;
  env?: Record<string, string>;
  timeoutMinutes?: number;
  /** Stays `waiting` until `approveJob`. */
  needsApproval?: boolean;
}

export interface WorkflowRunSpec {
  workflow: string;
  jobs: JobSpec[];
}

export interface Job {
  id: number;
  runId: number;
  spec: JobSpec;
  status: JobStatus;
  conclusion: JobConclusion | null;
  /** When the run was queued, so before its `needs` were done. */
  addedAt: number;
  /** When it could first be given to a runner: GitHub's `created_at`. */
  queuedAt: number | null;
  /** Not handed out before this time. */
  assignableAt: number;
  startedAt: number | null;
  completedAt: number | null;
  runnerId: number | null;
  runnerName: string | null;
  runnerGroupId: number | null;
  cancelRequested: boolean;
  /** Its runner vanished under it, or ended it although nobody cancelled the run. */
  lost: boolean;
}

export interface WorkflowRun {
  id: number;
  number: number;
  workflow: string;
  createdAt: number;
  updatedAt: number;
  cancelRequested: boolean;
  jobs: Job[];
}

export type RunnerScope = 'repository' | 'organization';

export interface Runner {
  id: number;
  name: string;
  scope: RunnerScope;
  labels: string[];
  groupId: number;
  /** The secret that its session shows; never leaves the simulator but in the JIT configuration. */
  clientId: string;
  status: 'online' | 'offline';
  busy: boolean;
  /** Unknown until it has connected once. */
  version: string | null;
  createdAt: number;
}

/** A request or a response that GitHub's OpenAPI description does not allow. Holds no values, so no secrets. */
export interface ContractViolation {
  at: number;
  /** E.g. `POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig`. */
  route: string;
  direction: 'request' | 'response';
  status?: number;
  errors: string[];
}

/** What `GET /_sim/state` answers. */
export interface SimulatorState {
  runs: { id: number; workflow: string; status: string; conclusion: string | null; createdAt: number }[];
  jobs: JobRecord[];
  runners: Omit<Runner, 'clientId'>[];
  requests: RequestCounts;
  contractViolations: ContractViolation[];
}

/** A job as tests and the demo judge it: pickup is `startedAt - queuedAt`. */
export interface JobRecord {
  id: number;
  runId: number;
  name: string;
  labels: string[];
  status: JobStatus;
  conclusion: JobConclusion | null;
  queuedAt: number | null;
  startedAt: number | null;
  completedAt: number | null;
  runnerName: string | null;
  cancelRequested: boolean;
  lost: boolean;
}

/** REST requests only; the runner protocol and the control routes are not counted. */
export interface RequestCounts {
  total: number;
  /** Requests that used up a rate limit, by its bucket. */
  counted: Record<string, number>;
  notModified304: number;
  /** E.g. `GET /repos/{owner}/{repo}/actions/runners`. */
  byRoute: Record<string, number>;
}
