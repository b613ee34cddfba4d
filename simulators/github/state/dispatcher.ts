import { randomUUID } from 'node:crypto';
import type { Job, ReportedConclusion, Runner } from '../model.js';
import type { Faults } from './faults.js';
import { carriesAll, type RunnerRegistry } from './runner-registry.js';
import type { WorkflowRuns } from './workflow-runs.js';

/** Why a runner is refused; the runner protocol answers it as an HTTP status. */
export type Refusal = 'not-found' | 'unauthorized' | 'conflict' | 'deprecated';
export type PollResult = Job | 'nothing' | 'not-found';

export interface DispatcherOptions {
  /** Longest time that a poll is held. */
  pollMs: number;
  /** How long an idle runner may be without a poll before it is offline. */
  idleTimeoutMs: number;
  /** How long a busy runner may go without renewing before its job is lost. */
  busyTimeoutMs: number;
  runnerVersion: string;
}

interface Session {
  id: string;
  runner: Runner;
  job?: Job;
  /** Its one job is lost: it gets no other, though it may go on listening (actions/runner#4617). */
  spent: boolean;
  poll?: (result: PollResult) => void;
  silence?: NodeJS.Timeout;
}

/**
 * Hands queued jobs to listening runners, in the tick in which both exist: the oldest job first, to the runner
 * that has listened longest among those that carry all of the job's labels.
 */
export class Dispatcher {
  readonly #sessions = new Map<string, Session>();
  /** Sessions with an open poll and no job, longest listening first. */
  readonly #listening = new Set<Session>();

  constructor(
    private readonly registry: RunnerRegistry,
    private readonly runs: WorkflowRuns,
    private readonly faults: Faults,
    private readonly options: DispatcherOptions,
    private readonly changed: () => void,
  ) {}

  /** Starts a runner's session, which makes it online. */
  open(runnerId: number, clientId: string): { sessionId: string } | Refusal {
    const runner = this.registry.find(runnerId);
    if (!runner) return 'not-found';
    if (runner.clientId !== clientId) return 'unauthorized';
    if (this.faults.take('version-deprecated')) return 'deprecated';
    const previous = this.#sessionOf(runner);
    if (previous && runner.status === 'online') return 'conflict';
    if (previous) this.#end(previous);
    const session: Session = { id: randomUUID(), runner, spent: false };
    this.#sessions.set(session.id, session);
    Object.assign(runner, { status: 'online', version: this.options.runnerVersion });
    this.#awaitSign(session);
    this.changed();
    return { sessionId: session.id };
  }

  /** Waits for a job, at most `pollMs`; a second poll of a session ends its first with `nothing`. */
  poll(sessionId: string, gone: AbortSignal): Promise<PollResult> {
    const session = this.#sessions.get(sessionId);
    if (!session) return Promise.resolve('not-found');
    session.poll?.('nothing');
    return new Promise((resolve) => {
      const timer = setTimeout(() => session.poll?.('nothing'), this.options.pollMs);
      const onGone = () => session.poll?.('nothing');
      session.poll = (result) => {
        clearTimeout(timer);
        gone.removeEventListener('abort', onGone);
        session.poll = undefined;
        this.#listening.delete(session);
        if (result === 'nothing') this.#awaitSign(session);
        resolve(result);
      };
      gone.addEventListener('abort', onGone);
      clearTimeout(session.silence);
      if (session.spent || session.job) return;
      if (session.runner.status === 'offline') {
        session.runner.status = 'online';
        this.changed();
      }
      this.#listening.add(session);
      const job = this.runs.queued().find((candidate) => this.#fits(candidate, session));
      if (job) this.#assign(job, session);
    });
  }

  /** Offers a job that has become queued; at its time when that is later. */
  offer(job: Job): void {
    const delayMs = job.assignableAt - Date.now();
    if (delayMs > 0) {
      setTimeout(() => this.offer(job), delayMs).unref();
      return;
    }
    if (job.status !== 'queued') return;
    for (const session of this.#listening) {
      if (this.#fits(job, session)) return this.#assign(job, session);
    }
  }

  /** A busy runner's sign of life; answers whether its job is to be cancelled. */
  renew(jobId: number, sessionId: string): { cancelled: boolean } | 'not-found' {
    const session = this.#sessions.get(sessionId);
    if (!session?.job || session.job.id !== jobId) return 'not-found';
    this.#awaitSign(session);
    return { cancelled: session.job.cancelRequested };
  }

  /** Ends a job, and with it the ephemeral runner. */
  complete(jobId: number, sessionId: string, conclusion: ReportedConclusion): 'done' | 'not-found' {
    const session = this.#sessions.get(sessionId);
    const job = session?.job;
    if (!session || !job || job.id !== jobId) return 'not-found';
    this.#end(session);
    this.registry.remove(session.runner.id);
    this.runs.complete(job, conclusion, { lost: conclusion === 'cancelled' && !job.cancelRequested });
    return 'done';
  }

  /** A runner's goodbye; a job that it still holds is lost. */
  close(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (!session) return;
    this.#end(session);
    this.#goOffline(session);
  }

  /** Ends the session of a runner whose registration was removed. */
  drop(runner: Runner): void {
    const session = this.#sessionOf(runner);
    if (session) this.#end(session);
  }

  /** Ends every session and timer. */
  stop(): void {
    for (const session of this.#sessions.values()) this.#end(session);
  }

  #fits(job: Job, session: Session): boolean {
    return job.assignableAt <= Date.now() && carriesAll(session.runner.labels, job.spec.runsOn);
  }

  #assign(job: Job, session: Session): void {
    const lost = this.faults.take('lost-assignment');
    if (lost) {
      this.#listening.delete(session);
      session.spent = true;
      this.registry.remove(session.runner.id);
      job.assignableAt = Date.now() + lost.requeueAfterMs;
      this.offer(job);
    } else {
      session.job = job;
      session.runner.busy = true;
      this.runs.start(job, session.runner);
      this.#limit(job);
      session.poll?.(job);
      this.#awaitSign(session);
    }
    this.changed();
  }

  /** GitHub cancels a job that takes longer than its workflow allows. */
  #limit(job: Job): void {
    if (!job.spec.timeoutMinutes) return;
    const cancel = () => {
      job.cancelRequested = true;
      this.changed();
    };
    setTimeout(cancel, job.spec.timeoutMinutes * 60_000).unref();
  }

  /** From now on the runner has to poll or to renew within its time. */
  #awaitSign(session: Session): void {
    clearTimeout(session.silence);
    if (!this.#sessions.has(session.id)) return;
    const { idleTimeoutMs, busyTimeoutMs } = this.options;
    session.silence = setTimeout(
      () => {
        // While GitHub itself is away, it is nobody's fault that it hears nothing.
        if (this.faults.find('outage')) return this.#awaitSign(session);
        this.#goOffline(session);
      },
      session.job ? busyTimeoutMs : idleTimeoutMs,
    );
  }

  /** The session stays: an idle runner that polls again is online again. */
  #goOffline(session: Session): void {
    const { job, runner } = session;
    session.job = undefined;
    Object.assign(runner, { status: 'offline', busy: false });
    if (job) {
      session.spent = true;
      const conclusion = job.cancelRequested ? 'cancelled' : 'failure';
      this.runs.complete(job, conclusion, { lost: !job.cancelRequested });
    }
    this.changed();
  }

  #end(session: Session): void {
    clearTimeout(session.silence);
    this.#sessions.delete(session.id);
    session.poll?.('not-found');
  }

  #sessionOf(runner: Runner): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.runner === runner);
  }
}
