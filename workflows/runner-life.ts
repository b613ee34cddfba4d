import { getExternalWorkflowHandle, log, setCurrentDetails } from '@temporalio/workflow';
import { failure } from './failures.js';
import { runnerChangedSignal } from './messages.js';
import {
  poolWorkflowId,
  type EndReason,
  type Job,
  type JobEvent,
  type Outcome,
  type Phase,
  type RunnerEvents,
  type RunnerState,
  type RunnerTimeline,
} from './model.js';
import { mayMove } from './policy/lifecycle.js';

/** A runner's own record of its life; tells its pool of each change. */
export class RunnerLife {
  readonly state: RunnerState;
  private readonly phases: RunnerTimeline['phases'];
  private readonly reports: Promise<void>[] = [];
  events: RunnerEvents = { refused: [] };
  logs?: string;

  constructor(
    private readonly host: string,
    private readonly githubServerUrl: string,
    state: RunnerState,
  ) {
    this.state = state;
    this.phases = [{ phase: state.phase, at: state.phaseSince }];
  }

  /** Moves on, and tells the pool. Error: IllegalTransition. */
  move(phase: Phase): void {
    this.enter(phase);
    this.report();
  }

  /** Moves on by an order of the pool, which knows it without being told. Error: IllegalTransition. */
  moveAsOrdered(phase: Phase): void {
    this.enter(phase);
    this.show();
  }

  private enter(phase: Phase): void {
    if (!mayMove(this.state.phase, phase)) {
      throw failure(
        'IllegalTransition',
        `runner ${this.state.runnerName} can't move from ${this.state.phase} to ${phase}`,
      );
    }
    this.state.phase = phase;
    this.state.phaseSince = Date.now();
    this.phases.push({ phase, at: this.state.phaseSince });
  }

  /** Takes in what the container has reported; what was once seen stays seen, whatever becomes of the files. */
  note(events: RunnerEvents): void {
    this.events = { ...this.events, ...events };
    const started = this.events['job-started'];
    const isNews = started !== undefined && this.state.job === undefined;
    if (started) this.state.job = this.jobOf(started, this.events['job-completed']);
    // GitHub may have called it busy before it could say so itself.
    if (isNews && this.state.phase === 'busy') this.report();
    for (const sentence of events.refused)
      log.warn('event file refused', { runner: this.state.name, sentence });
  }

  private jobOf(started: JobEvent, completed: JobEvent | undefined): Job {
    const { repository, workflow, job, runId, runAttempt } = started;
    return {
      repository,
      workflow,
      job,
      runId,
      runAttempt,
      url: `${this.githubServerUrl}/${repository}/actions/runs/${runId}/attempts/${runAttempt}`,
      startedAt: this.believable(started.at),
      ...(completed && { completedAt: this.believable(completed.at) }),
    };
  }

  /** The container's clock is its own: no time before its creation or in the future is taken from it. */
  private believable(at: number): number {
    return Math.min(Math.max(at, this.state.createdAt), Date.now());
  }

  /** Tells the pool what this runner is now. A pool that is not there will ask again when it is. */
  report(): void {
    this.state.version += 1;
    const { state } = this;
    this.show();
    const pool = getExternalWorkflowHandle(poolWorkflowId(this.host));
    const sent = pool.signal(runnerChangedSignal, { ...state }).catch((error: unknown) => {
      log.warn('the pool did not take the report', { pool: pool.workflowId, error });
    });
    this.reports.push(sent);
  }

  /** What the Web UI shows of it. */
  private show(): void {
    const { phase, job, trouble } = this.state;
    setCurrentDetails(`**${phase}**${job ? ` [${job.job}](${job.url})` : ''} ${trouble?.message ?? ''}`);
  }

  async reported(): Promise<void> {
    await Promise.all(this.reports);
  }

  snapshot() {
    const { state } = this;
    return {
      host: this.host,
      name: state.name,
      runnerName: state.runnerName,
      runnerId: state.runnerId,
      system: state.system,
      phase: state.phase,
      phases: this.phases,
      job: state.job,
      endDetail: state.endDetail,
      exitCode: this.events.exited?.exitCode,
      logs: this.logs,
    };
  }

  /** The record of the whole life. */
  timeline(): RunnerTimeline {
    const { phase: _, ...rest } = this.snapshot();
    const endReason = this.state.endReason ?? 'cancelled';
    return { ...rest, outcome: outcomeOf(endReason, this.state.job), endReason };
  }
}

const failures: readonly EndReason[] = [
  'container-failed',
  'container-lost',
  'startup-timeout',
  'runner-exited',
  'runner-deprecated',
  'runner-name-taken',
];

function outcomeOf(reason: EndReason, job: Job | undefined): Outcome {
  if (reason === 'job-done') return 'completed';
  if (job) return 'interrupted';
  return failures.includes(reason) ? 'failed' : 'unused';
}
