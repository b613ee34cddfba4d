import type { Job, JobConclusion, Runner, WorkflowRun, WorkflowRunSpec } from '../model.js';

export interface WorkflowRunsEvents {
  /** A job can be given to a runner from now on. */
  queued: (job: Job) => void;
  changed: () => void;
}

/** Workflow runs and their jobs: what is queued, what waits for what, and how it ended. */
export class WorkflowRuns {
  readonly #runs = new Map<number, WorkflowRun>();
  readonly #jobs = new Map<number, Job>();
  readonly #queued: Job[] = [];
  // Beyond 32 bits, as GitHub's are.
  #lastRunId = 17_000_000_000;
  #lastJobId = 48_000_000_000;

  constructor(private readonly events: WorkflowRunsEvents) {}

  /** Adds a run; the jobs that need nothing are queued at once, in the order given. */
  add(spec: WorkflowRunSpec): WorkflowRun {
    const at = Date.now();
    const ids = new Set(spec.jobs.map((job) => job.id));
    const unknown = spec.jobs.flatMap((job) => job.needs ?? []).find((need) => !ids.has(need));
    if (unknown !== undefined) throw new Error(`a job needs "${unknown}", and no job of the run has that id`);
    const id = ++this.#lastRunId;
    const jobs = spec.jobs.map((job): Job => ({
      id: ++this.#lastJobId,
      runId: id,
      spec: job,
      status: 'blocked',
      conclusion: null,
      addedAt: at,
      queuedAt: null,
      assignableAt: at,
      startedAt: null,
      completedAt: null,
      runnerId: null,
      runnerName: null,
      runnerGroupId: null,
      cancelRequested: false,
      lost: false,
    }));
    const run: WorkflowRun = {
      id,
      number: this.#runs.size + 1,
      workflow: spec.workflow,
      createdAt: at,
      updatedAt: at,
      cancelRequested: false,
      jobs,
    };
    this.#runs.set(id, run);
    for (const job of jobs) this.#jobs.set(job.id, job);
    this.#advance(run);
    return run;
  }

  run(id: number): WorkflowRun | undefined {
    return this.#runs.get(id);
  }

  job(id: number): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Oldest first. */
  runs(): WorkflowRun[] {
    return [...this.#runs.values()];
  }

  /** Oldest first. */
  queued(): readonly Job[] {
    return this.#queued;
  }

  start(job: Job, runner: Runner): void {
    this.#unqueue(job);
    Object.assign(job, {
      status: 'in_progress',
      startedAt: Date.now(),
      runnerId: runner.id,
      runnerName: runner.name,
      runnerGroupId: runner.groupId,
    });
    this.#touch(job);
  }

  complete(job: Job, conclusion: JobConclusion, { lost = false } = {}): void {
    this.#unqueue(job);
    Object.assign(job, { status: 'completed', conclusion, completedAt: Date.now(), lost });
    this.#touch(job);
    const run = this.#runs.get(job.runId);
    if (run) this.#advance(run);
  }

  approve(job: Job): void {
    if (job.status === 'waiting') this.#queue(job);
  }

  /** Ends what has not started, and asks for the end of what runs. */
  cancel(run: WorkflowRun): void {
    run.cancelRequested = true;
    for (const job of run.jobs) {
      if (job.status === 'in_progress') job.cancelRequested = true;
      else if (job.status !== 'completed') this.complete(job, 'cancelled');
    }
  }

  #advance(run: WorkflowRun): void {
    for (const job of run.jobs) {
      if (job.status !== 'blocked') continue;
      const needed = run.jobs.filter((other) => job.spec.needs?.includes(other.spec.id));
      if (needed.some((other) => other.status !== 'completed')) continue;
      if (run.cancelRequested) this.complete(job, 'cancelled');
      else if (needed.some((other) => other.conclusion !== 'success')) this.complete(job, 'skipped');
      else if (job.spec.needsApproval) job.status = 'waiting';
      else this.#queue(job);
    }
    this.events.changed();
  }

  #queue(job: Job): void {
    const at = Date.now();
    Object.assign(job, { status: 'queued', queuedAt: at, assignableAt: at });
    this.#queued.push(job);
    this.#touch(job);
    this.events.queued(job);
  }

  #unqueue(job: Job): void {
    const index = this.#queued.indexOf(job);
    if (index >= 0) this.#queued.splice(index, 1);
  }

  #touch(job: Job): void {
    const run = this.#runs.get(job.runId);
    if (run) run.updatedAt = Date.now();
    this.events.changed();
  }
}

/** GitHub's status and conclusion of a run, from its jobs. */
export function runStatus(run: WorkflowRun): { status: string; conclusion: string | null } {
  const any = (test: (job: Job) => boolean) => run.jobs.some(test);
  if (!any((job) => job.status !== 'completed')) {
    if (any((job) => job.conclusion === 'failure')) return { status: 'completed', conclusion: 'failure' };
    if (any((job) => job.conclusion === 'cancelled')) return { status: 'completed', conclusion: 'cancelled' };
    return { status: 'completed', conclusion: 'success' };
  }
  if (any((job) => job.startedAt !== null)) return { status: 'in_progress', conclusion: null };
  const waits = any((job) => job.status === 'waiting') && !any((job) => job.status === 'queued');
  return { status: waits ? 'waiting' : 'queued', conclusion: null };
}
