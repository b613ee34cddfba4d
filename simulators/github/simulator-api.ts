import type { AppOptions } from './http/authenticator.js';
import type { RateLimitOptions } from './http/rate-limits.js';
import type { SimulatorState, WorkflowRunSpec } from './model.js';
import type { FaultInput } from './state/faults.js';

/** How a simulated GitHub is started. */
export interface GithubSimulatorOptions {
  /** `owner/repo`. */
  repository: string;
  /** Tokens of one person, all accepted. */
  tokens: readonly string[];
  /** 0, the default, takes any free one. */
  port?: number;
  /** Address to listen on; 127.0.0.1 unless told. */
  host?: string;
  /** Base URL that answers and JIT configurations name; that of the socket unless told. */
  publicUrl?: string;
  /** How long a job stays queued at least; 0 unless told. */
  assignmentDelayMs?: number;
  /** How long a newly registered runner is missing from lists; 0 unless told. */
  listLagMs?: number;
  /** How long a listening runner may be without a poll before it is offline; 3 s unless told. */
  idleTimeoutMs?: number;
  /** How long a busy runner may go without renewing before its job is lost; 10 s unless told. */
  busyTimeoutMs?: number;
  /** Longest time that a runner's poll is held; 50 s unless told. */
  pollMs?: number;
  /** The version that runners report; 2.336.0 unless told. */
  runnerVersion?: string;
  /** Groups that runners may join; only 1 unless told. */
  runnerGroups?: readonly number[];
  rateLimits?: Partial<RateLimitOptions>;
  /** Points a minute before GitHub's secondary limit is met, 900 on the real one; no limit unless told. */
  secondaryPointsPerMinute?: number;
  /** A GitHub App whose tokens are accepted besides. */
  app?: AppOptions;
}

/** A GitHub with one repository, held to GitHub's own OpenAPI description. */
export interface GithubSimulator {
  readonly url: string;
  readonly repository: string;
  queueWorkflowRun(run: WorkflowRunSpec): { runId: number; jobs: { id: number; name: string }[] };
  cancelRun(runId: number): void;
  approveJob(jobId: number): void;
  addFault(fault: FaultInput): void;
  clearFaults(): void;
  state(): SimulatorState;
  /** Waits until the state is as wanted; an error when that takes longer than `timeoutMs` (10 s). */
  until(wanted: (state: SimulatorState) => boolean, timeoutMs?: number): Promise<SimulatorState>;
  /** Every secret given out so far (JIT configurations and what is in them), for a search for leaks. */
  secrets(): string[];
  /** Resolves when someone has asked for the end over HTTP. */
  readonly shutdownRequested: Promise<void>;
  close(): Promise<void>;
}
