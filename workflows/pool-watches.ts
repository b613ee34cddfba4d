import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  sleep,
  ActivityCancellationType,
} from '@temporalio/workflow';
import type { GithubActivities, HostActivities } from '../activities/contract.js';
import { failureMessage, failureType, retryAfterMs } from './failures.js';
import { hostTaskQueue, sharedTaskQueue } from './model.js';
import { isAlive } from './policy/lifecycle.js';
import { limits } from './policy/limits.js';
import { needsLookAtGithub, noteRegistrations } from './policy/observe-github.js';
import { needsLookAtHost, noteHost } from './policy/observe-host.js';
import type { PoolState } from './policy/pool-state.js';

/** A watch lasts until there is news; its heartbeat tells whether it is alive. */
const watchLength = '30 days';
/** Pauses between looks that failed. */
const pauseMs = { first: 5_000, longest: 60_000 };

/**
 * The pool's two eyes: one long activity at the host, one at GitHub. Each returns when what it sees differs from
 * what the pool has seen, so that an hour in which nothing happens leaves next to nothing in the history.
 */
export class PoolWatches {
  private armed = false;
  /** The look at GitHub that lasts until there is news; null while there is none. */
  private waiting: CancellationScope | null = null;

  constructor(
    private readonly state: PoolState,
    private readonly changed: () => void,
  ) {}

  /** Starts both watches; they go on by themselves, and end with the pool's run. */
  arm(): void {
    if (this.armed) return;
    this.armed = true;
    Promise.all([this.watchHost(), this.watchGithub()]).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }

  /** Breaks off waiting for news from GitHub where the plan needs a look that may find nothing new. */
  lookAgain(): void {
    if (needsLookAtGithub(this.state, Date.now())) this.waiting?.cancel();
  }

  private async watchHost(): Promise<void> {
    const { host } = this.state.config;
    const activities = proxyActivities<HostActivities>({
      taskQueue: hostTaskQueue(host),
      startToCloseTimeout: watchLength,
      heartbeatTimeout: '15 s',
      // Only this host's worker serves this queue: when nobody takes the look up, the host does not answer.
      scheduleToStartTimeout: limits.hostSilentAfterMs,
      retry: { initialInterval: '1 s', backoffCoefficient: 1, maximumAttempts: 3 },
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
    for (;;) {
      const { pollIntervalMs } = this.state.config;
      const expected = Object.values(this.state.runners)
        .filter(({ phase }) => isAlive(phase))
        .map(({ name }) => name);
      const fresh = !this.state.host.ok || needsLookAtHost(this.state);
      try {
        const report = await activities.watchHost({
          host,
          pollIntervalMs,
          previous: fresh ? null : this.state.hostReport,
          expected,
        });
        noteHost(this.state, report, Date.now());
      } catch (error) {
        if (isCancellation(error)) throw error;
        this.hostFailed(error);
        this.changed();
        await sleep(pauseMs.first / 5);
      }
      this.changed();
    }
  }

  private hostFailed(error: unknown): void {
    if (!this.state.host.ok) return;
    const type = failureType(error);
    // The worker was stopped and will be back: nobody taking the next look up would tell otherwise.
    if (type === 'Unknown') return;
    const reason =
      type === 'Timeout'
        ? 'its worker takes no task: is runner-controller running there?'
        : failureMessage(error);
    this.state.host = { ok: false, type, reason, since: Date.now() };
  }

  private async watchGithub(): Promise<void> {
    const { host } = this.state.config;
    const activities = proxyActivities<GithubActivities>({
      taskQueue: sharedTaskQueue,
      startToCloseTimeout: watchLength,
      heartbeatTimeout: '15 s',
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
    for (let pause = pauseMs.first; ;) {
      const { pollIntervalMs } = this.state.config;
      const once = !this.state.github.ok || needsLookAtGithub(this.state, Date.now());
      const look = new CancellationScope();
      this.waiting = once ? null : look;
      try {
        const previous = this.state.registrations;
        const report = await look.run(() =>
          activities.watchRunners({ host, pollIntervalMs, previous, once }),
        );
        noteRegistrations(this.state, report);
        pause = pauseMs.first;
        this.changed();
      } catch (error) {
        if (isCancellation(error)) {
          if (CancellationScope.current().consideredCancelled) throw error;
          continue;
        }
        this.githubFailed(error);
        this.changed();
        await sleep(Math.max(pause, retryAfterMs(error)));
        pause = Math.min(pause * 2, pauseMs.longest);
      }
    }
  }

  private githubFailed(error: unknown): void {
    const type = failureType(error);
    // The worker that looked was stopped: that says nothing about GitHub.
    if (type === 'Timeout' || type === 'Unknown') return;
    const since = this.state.github.ok ? Date.now() : this.state.github.since;
    this.state.github = { ok: false, type, reason: failureMessage(error), since };
  }
}
