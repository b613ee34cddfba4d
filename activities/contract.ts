import type {
  DemandReport,
  HostReport,
  RegistrationReport,
  RunnerEventName,
  RunnerEvents,
} from '../workflows/model.js';

/**
 * What workflows may ask of the outside world. The host's activities run on its own task queue; GitHub's on the
 * shared one, so that any host's worker can clear up after a host that is gone. Every activity is idempotent: a
 * worker can die at any line and Temporal runs it again.
 */

/** `nixos-container` on this host. */
export interface ContainerActivities {
  /** Makes the container and its `in/` and `out/`; does not start it. Errors: SystemMissing, HostFull, ContainerStartFailed, CommandTimedOut. */
  createContainer(input: { name: string; system: string }): Promise<void>;
  /** Starts it and waits until it reports `booted`. Errors: ContainerStartFailed, ContainerLost. */
  startContainer(input: { name: string; bootTimeoutMs: number }): Promise<{ bootedAt: number }>;
  /** Ends it the polite way: the runner gets its signal and can report the job as cancelled. Missing is success. */
  stopContainer(input: { name: string }): Promise<void>;
  /** Removes the container and everything made for it, running or not. Missing is success. */
  destroyContainer(input: { name: string; reason: string }): Promise<void>;
}

/** The event files of section "contract" in the README. */
export interface RunnerEventActivities {
  /** Returns what is reported as soon as one of `until` is; at once if it is already. Error: ContainerLost when the directory is gone. */
  awaitRunnerEvent(input: { name: string; until: RunnerEventName[] }): Promise<RunnerEvents>;
  /** What is reported now. Error: ContainerLost. */
  readRunnerEvents(input: { name: string }): Promise<RunnerEvents & { handedOver: boolean }>;
}

/** Registration and hand-over are one activity, so that the JIT configuration never enters a history. */
export interface RegistrationActivities {
  /**
   * `mayExist`: an earlier, failed call may have registered the name, so GitHub is asked for it first.
   * Errors: RunnerNameTaken, GithubUnauthorized, GithubRateLimited, GithubUnavailable, ContainerLost.
   */
  registerRunner(input: {
    name: string;
    runnerName: string;
    labels: string[];
    mayExist: boolean;
  }): Promise<{ runnerId: number }>;
}

export interface LogActivities {
  /** Keeps the runner's journal and `_diag` under LOG_DIR; null when the container had none. Never fails a removal. */
  keepLogs(input: {
    name: string;
    runnerName: string;
    note: string;
    /** Waits so long first, in milliseconds. */
    afterMs?: number;
  }): Promise<{ path: string; bytes: number } | null>;
}

export interface HostActivities {
  /** Looks every `pollIntervalMs` and returns when the host differs from `previous`, at once when that is null. */
  watchHost(input: {
    host: string;
    pollIntervalMs: number;
    previous: HostReport | null;
    /** Container names whose runner workflow should be running. */
    expected: string[];
  }): Promise<HostReport>;
}

export interface GithubActivities {
  /** Looks every `pollIntervalMs` and returns when this host's runners differ from `previous`, or after one look when `once`. */
  watchRunners(input: {
    host: string;
    pollIntervalMs: number;
    previous: RegistrationReport | null;
    once: boolean;
  }): Promise<RegistrationReport>;
  /** Looks every `pollIntervalMs` and returns when the queued jobs differ from `previous`. */
  watchDemand(input: { pollIntervalMs: number; previous: DemandReport | null }): Promise<DemandReport>;
  /**
   * Removes the registration unless GitHub says that the runner is running a job. `ended`: its job is known to be
   * over, so it is looked up first and usually found to be gone, which costs no write. Waits `afterMs` first.
   */
  removeRunner(input: {
    runnerName: string;
    runnerId?: number;
    ended: boolean;
    afterMs?: number;
  }): Promise<'removed' | 'gone' | 'busy'>;
}
