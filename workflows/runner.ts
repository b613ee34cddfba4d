import { CancellationScope, condition, isCancellation, log, setHandler } from '@temporalio/workflow';
import { failureMessage, failureType, retryAfterMs } from './failures.js';
import { activateSignal, endSignal, reportSignal, timelineQuery } from './messages.js';
import { type EndReason, type RunnerEventName, type RunnerState, type RunnerTimeline } from './model.js';
import { removeEverything } from './removal.js';
import { runnerActivities, type RunnerActivities } from './runner-activities.js';
import { RunnerLife } from './runner-life.js';
import { nextStep, type RunnerStep } from './policy/runner-step.js';

export interface RunnerInput {
  host: string;
  runner: RunnerState;
  /** The container stands already: find out what it is at, instead of making it. */
  adopt: boolean;
  jobTimeoutMs: number;
  runnerStartupTimeoutMs: number;
  githubServerUrl: string;
}

interface Ending {
  reason: EndReason;
  detail?: string;
}

/** How long a decision that GitHub could not be asked about is put off. */
const askAgainAfterMs = 60_000;

/**
 * The life of one container and the one runner in it. However it ends (job done, failure, an order, cancellation),
 * the container is destroyed and its registration removed before the workflow completes with its timeline.
 */
export async function runnerWorkflow(input: RunnerInput): Promise<RunnerTimeline> {
  const life = new RunnerLife(input.host, input.githubServerUrl, input.runner);
  const runner = new Runner(input, life, runnerActivities(input));
  let ending: Ending;
  try {
    ending = await runner.live();
  } catch (error) {
    // Cancelling the workflow is an order to end the runner, job or not; anything else is a fault of ours.
    if (!isCancellation(error)) log.error('runner workflow failed, its container is removed', { error });
    const reason: Ending = isCancellation(error)
      ? { reason: 'cancelled', detail: 'the runner workflow was cancelled' }
      : { reason: 'container-failed', detail: failureMessage(error) };
    ending = await CancellationScope.nonCancellable(() => runner.kill(reason));
  }
  life.state.endReason = ending.reason;
  life.state.endDetail = ending.detail;
  await CancellationScope.nonCancellable(() =>
    removeEverything(life, runner.activities, runner.mayBeRegistered),
  );
  return life.timeline();
}

class Runner {
  /** A registration was tried, so GitHub has to be asked when it is to be removed. */
  mayBeRegistered = false;
  private activation: { labels: string[]; jobTimeoutMs: number } | null = null;
  private end: { reason: EndReason; force: boolean; detail?: string } | undefined;
  private lost: string | undefined;
  private jobTimeoutMs: number;
  private deadline: number | null = null;

  constructor(
    private readonly input: RunnerInput,
    private readonly life: RunnerLife,
    readonly activities: RunnerActivities,
  ) {
    this.jobTimeoutMs = input.jobTimeoutMs;
    setHandler(activateSignal, (activation) => {
      this.activation = activation;
    });
    setHandler(endSignal, (end) => {
      if (!this.end?.force) this.end = end;
    });
    setHandler(reportSignal, () => this.life.report());
    setHandler(timelineQuery, () => this.life.snapshot());
  }

  /** From the first command to the decision to end. */
  async live(): Promise<Ending> {
    const made = this.input.adopt ? await this.adopt() : await this.make();
    if (made) return made;
    return await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const watching = this.watch();
      watching.catch(() => undefined);
      try {
        return await this.serve();
      } finally {
        scope.cancel();
      }
    });
  }

  /** Makes and boots the container; an order to end, or the start-up timeout, breaks it off. */
  private async make(): Promise<Ending | null> {
    const { state } = this.life;
    const making = new CancellationScope();
    const made = making.run(async () => {
      await this.activities.createContainer({ name: state.name, system: state.system });
      await this.activities.startContainer({
        name: state.name,
        bootTimeoutMs: this.input.runnerStartupTimeoutMs,
      });
    });
    const settled = made.then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const ordered = condition(() => this.end !== undefined).then(() => 'end' as const);
    let first: Error | 'end' | null;
    try {
      first = await Promise.race([settled, ordered]);
    } finally {
      // Broken off or not, its removal may begin only when nobody is making it any more.
      making.cancel();
      await settled;
    }
    if (first === 'end') return this.end ?? null;
    if (first !== null) {
      if (isCancellation(first)) throw first;
      this.life.state.trouble = troubleOf(first);
      const reason = failureType(first) === 'Timeout' ? 'startup-timeout' : 'container-failed';
      return { reason, detail: failureMessage(first) };
    }
    this.life.move('standby');
    return null;
  }

  /** Finds out what a container that already stands is at. Its job's time counts from its own start. */
  private async adopt(): Promise<Ending | null> {
    const { state } = this.life;
    this.mayBeRegistered = true;
    try {
      const { handedOver, ...events } = await this.activities.readRunnerEvents({ name: state.name });
      state.createdAt = Math.min(state.createdAt, events.booted?.at ?? state.createdAt);
      this.life.note(events);
      if (!events.booted) return { reason: 'container-failed', detail: 'taken over before it had booted' };
      this.mayBeRegistered = handedOver;
      if (handedOver) state.labels = this.input.runner.labels;
      this.life.move(handedOver ? 'registering' : 'standby');
      if (!handedOver) return null;
      this.setDeadline(this.input.runnerStartupTimeoutMs);
      return null;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { reason: 'container-lost', detail: failureMessage(error) };
    }
  }

  /** Follows the container's events in the background, one long activity for each stage. */
  private async watch(): Promise<void> {
    try {
      while (!this.life.events.exited) {
        const { events } = this.life;
        const stages: RunnerEventName[] = ['listening', 'job-started', 'exited'];
        const until = stages.filter((stage) => events[stage] === undefined);
        // A job that has begun is past listening: only its end is of interest.
        const awaited = events['job-started'] ? (['exited'] as const).slice() : until;
        this.life.note(
          await this.activities.awaitRunnerEvent({ name: this.life.state.name, until: awaited }),
        );
      }
    } catch (error) {
      if (isCancellation(error)) return;
      this.lost = failureMessage(error);
    }
  }

  private async serve(): Promise<Ending> {
    for (;;) {
      const step = this.next();
      const ending = step.step === 'wait' ? await this.wait() : await this.take(step);
      if (ending) return ending;
    }
  }

  private next(): RunnerStep {
    const { state, events } = this.life;
    const { lost, end, deadline } = this;
    return nextStep(
      { phase: state.phase, events, lost, end, deadline, activate: this.activation !== null },
      Date.now(),
    );
  }

  private async wait(): Promise<null> {
    const changed = () => this.next().step !== 'wait';
    if (this.deadline === null) await condition(changed);
    else await condition(changed, Math.max(1, this.deadline - Date.now()));
    return null;
  }

  private async take(step: Exclude<RunnerStep, { step: 'wait' }>): Promise<Ending | null> {
    switch (step.step) {
      case 'register':
        return await this.register();
      case 'become':
        this.become(step.phase);
        return null;
      case 'decline':
        this.decline();
        return null;
      case 'end':
        return step;
      case 'ask':
        return await this.ask(step);
      case 'kill':
        return await this.kill(step);
      case 'expire':
        return await this.expire();
    }
  }

  private async register(): Promise<Ending | null> {
    const { state } = this.life;
    const { labels, jobTimeoutMs } = this.activation ?? { labels: [], jobTimeoutMs: this.jobTimeoutMs };
    this.activation = null;
    this.jobTimeoutMs = jobTimeoutMs;
    state.labels = labels;
    state.trouble = undefined;
    this.life.moveAsOrdered('registering');
    this.setDeadline(this.input.runnerStartupTimeoutMs);
    const { name, runnerName } = state;
    const mayExist = this.mayBeRegistered;
    this.mayBeRegistered = true;
    try {
      const { runnerId } = await this.activities.registerRunner({ name, runnerName, labels, mayExist });
      state.runnerId = runnerId;
      return null;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return this.notRegistered(error);
    }
  }

  /** GitHub refused or could not be reached: the container is still fresh and waits for the next activation. */
  private notRegistered(error: unknown): Ending | null {
    const { state } = this.life;
    const type = failureType(error);
    state.trouble = troubleOf(error);
    if (type === 'RunnerNameTaken') return { reason: 'runner-name-taken', detail: failureMessage(error) };
    if (type === 'ContainerLost') return { reason: 'container-lost', detail: failureMessage(error) };
    state.labels = [];
    state.activationsFailed += 1;
    this.setDeadline(null);
    this.life.move('standby');
    return null;
  }

  private become(phase: 'idle' | 'busy'): void {
    this.life.state.trouble = undefined;
    this.life.move(phase);
    if (phase === 'idle') this.setDeadline(null);
    else this.deadline = (this.life.state.job?.startedAt ?? Date.now()) + this.jobTimeoutMs;
  }

  private decline(): void {
    this.end = undefined;
    this.life.state.endsRefused += 1;
    this.life.report();
  }

  /** GitHub decides: it lets the registration of an idle runner go, and keeps that of a busy one. */
  private async ask({ reason, detail }: Ending): Promise<Ending | null> {
    const { runnerName, runnerId, phase } = this.life.state;
    const ordered = this.end !== undefined;
    try {
      const answer = await this.activities.removeRunner({ runnerName, runnerId, ended: false });
      // Gone because its job was done in the meantime: the runner's own word tells more.
      if (answer !== 'busy') return this.life.events.exited ? null : { reason, detail };
      log.info('not ended: GitHub says that it is running a job', { runner: runnerName, reason });
      if (phase !== 'busy' && this.life.state.phase !== 'busy') this.become('busy');
    } catch (error) {
      if (isCancellation(error)) throw error;
      // In doubt about GitHub nothing is destroyed.
      this.life.state.trouble = troubleOf(error);
      if (!ordered) this.setDeadline(askAgainAfterMs);
    }
    if (ordered) this.decline();
    return null;
  }

  /** Ends it even under a job: an order, or the job's time is up. */
  async kill(ending: Ending): Promise<Ending> {
    const { name, runnerName, runnerId } = this.life.state;
    // Deregistered first where GitHub lets it go: else a job may be given to a runner that is stopped (runner#3669).
    if (this.mayBeRegistered) {
      await this.activities.removeRunner({ runnerName, runnerId, ended: false }).catch((error: unknown) => {
        log.info('GitHub did not let go of the registration yet', {
          runner: runnerName,
          reason: failureMessage(error),
        });
      });
    }
    // The polite way, so that the runner can still report its job as cancelled.
    await this.activities.stopContainer({ name });
    return ending;
  }

  /** The job's time is up. The timer looks first: no job is cut off while GitHub can't be asked about it. */
  private async expire(): Promise<Ending | null> {
    const { state } = this.life;
    const { runnerName, runnerId } = state;
    const look = new CancellationScope();
    try {
      const looked = () => this.activities.removeRunnerPatiently({ runnerName, runnerId, ended: false });
      const overtaken = () => condition(() => this.next().step !== 'expire').then(() => null);
      if ((await look.run(() => Promise.race([looked(), overtaken()]))) === null) return null;
    } catch (error) {
      if (isCancellation(error)) throw error;
      state.trouble = troubleOf(error);
      this.setDeadline(askAgainAfterMs);
      return null;
    } finally {
      look.cancel();
    }
    const detail = `its job ran longer than ${this.jobTimeoutMs / 1000} s`;
    return await this.kill({ reason: 'job-timeout', detail });
  }

  private setDeadline(ms: number | null): void {
    this.deadline = ms === null ? null : Date.now() + ms;
  }
}

function troubleOf(error: unknown): RunnerState['trouble'] {
  const wait = retryAfterMs(error);
  return {
    type: failureType(error),
    message: failureMessage(error),
    ...(wait > 0 && { retryAfterMs: wait }),
  };
}
