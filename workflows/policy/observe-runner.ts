import type { Job, RunnerState } from '../model.js';
import { isAlive } from './lifecycle.js';
import { limits } from './limits.js';
import { judgeByLastList, noteRefusal, noteRegistered } from './observe-github.js';
import { creationCap, type Backoff, type PoolRunner, type PoolState } from './pool-state.js';

const interruptedKept = 10;

/** What a runner may no longer say: a report that leaves it out takes it back. */
const revocable = ['endReason', 'endDetail', 'trouble'] as const;

/** Takes in what a runner reports of itself. Late reports are dropped: signals may overtake each other. */
export function noteRunner(state: PoolState, report: RunnerState, now: number): void {
  const known = state.runners[report.name];
  if (!known && state.graves[report.name] !== undefined) return;
  if (known && report.version <= known.version) return;
  const runner: PoolRunner = known ? { ...known, ...report, adopting: false } : newPoolRunner(report);
  for (const key of revocable) if (report[key] === undefined) delete runner[key];
  if (known && report.endsRefused > known.endsRefused) noteRefusedEnd(runner, now);
  state.runners[report.name] = runner;
  if (known?.phase !== report.phase) noteMove(state, known, runner, now);
}

/** A runner that this pool learns of, from its own order or from a report. */
export function newPoolRunner(report: RunnerState): PoolRunner {
  return {
    ...report,
    activationsSent: report.activationsFailed,
    endsSent: report.endsRefused,
    adopting: false,
    endForced: false,
    absentLooks: 0,
    githubBusy: false,
    downLooks: 0,
  };
}

/** A declined order that was not forced is over: the runner serves its job and ends by itself. */
function noteRefusedEnd(runner: PoolRunner, now: number): void {
  runner.endRefusedAt = now;
  if (!runner.endForced) delete runner.mustEnd;
}

function noteMove(state: PoolState, before: PoolRunner | undefined, runner: PoolRunner, now: number): void {
  runner.absentLooks = 0;
  delete runner.absentSince;
  runner.downLooks = 0;
  if (!isAlive(runner.phase) || runner.phase === 'registering') runner.githubBusy = false;
  // A report may overtake another, so the end is counted with whichever of its two reports comes first.
  if (!isAlive(runner.phase) && (!before || isAlive(before.phase))) noteEnd(state, runner, now);
  switch (runner.phase) {
    case 'standby':
      if (before?.phase === 'creating') noteCreated(state, now);
      noteRefusal(state, runner, now);
      return;
    case 'idle':
      noteRegistered(state, now);
      judgeByLastList(state, runner, now);
      return;
    case 'busy':
      state.activation.failures = 0;
      noteRegistered(state, now);
      judgeByLastList(state, runner, now);
      return;
    case 'removed':
      state.totals.removed += 1;
      state.graves[runner.name] = now;
      delete state.runners[runner.name];
      return;
    case 'creating':
    case 'registering':
    case 'removing':
      return;
  }
}

/** A success within a pause was under way before it, and says nothing about the failure's cause. */
function noteCreated(state: PoolState, now: number): void {
  state.creationAllowance = Math.min(creationCap, state.creationAllowance * 2);
  if (now >= state.creation.notBefore) state.creation.failures = 0;
}

function noteEnd(state: PoolState, runner: PoolRunner, now: number): void {
  const why = runner.endDetail ?? runner.endReason;
  switch (runner.endReason) {
    case 'job-done':
      state.totals.jobs += 1;
      return;
    case 'container-failed':
    case 'startup-timeout':
      state.totals.failed += 1;
      state.creationAllowance = 1;
      noteFailure(state.creation, why, now);
      return;
    case 'runner-exited':
    case 'runner-deprecated':
      // A job can kill its own runner; it must not be able to pause the pool by that.
      if (runner.job) return noteInterrupted(state, runner, runner.job, now);
      state.totals.failed += 1;
      noteFailure(state.activation, why, now);
      return;
    default:
      if (runner.job) noteInterrupted(state, runner, runner.job, now);
  }
}

/** Told with its run, since such a run stays in progress for up to 6 h and holds its concurrency group (elizaOS#11045). */
function noteInterrupted(state: PoolState, runner: PoolRunner, { job, url }: Job, now: number): void {
  state.totals.interrupted += 1;
  const reason = [runner.endReason, runner.endDetail].filter(Boolean).join(': ');
  const interrupted = { at: now, runnerName: runner.runnerName, reason, job, url };
  state.interrupted = [...state.interrupted, interrupted].slice(-interruptedKept);
}

/** Several failures within one pause are one cause: they count once. */
function noteFailure(backoff: Backoff, reason: string | undefined, now: number): void {
  if (now < backoff.notBefore) return;
  if (now - backoff.lastAt > limits.failuresForgottenAfterMs) backoff.failures = 0;
  backoff.failures += 1;
  backoff.lastAt = now;
  backoff.notBefore =
    now + Math.min(limits.longestPauseMs, limits.firstPauseMs * 2 ** (backoff.failures - 1));
  backoff.reason = reason;
}
