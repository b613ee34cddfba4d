import type { HostReport, RegistrationReport, RunnerState } from '../model.js';
import { isAlive } from './lifecycle.js';
import { limits } from './limits.js';
import { containerOf } from './names.js';
import { creationCap, type Backoff, type Demand, type PoolRunner, type PoolState } from './pool-state.js';

/** Takes in what a runner reports of itself. Late reports are dropped: signals may overtake each other. */
export function noteRunner(state: PoolState, report: RunnerState, now: number): void {
  const known = state.runners[report.name];
  if (!known && state.graves[report.name] !== undefined) return;
  if (known && report.version <= known.version) return;
  const runner: PoolRunner = known ? { ...known, ...report, adopting: false } : newPoolRunner(report);
  if (report.endReason === undefined) delete runner.endReason;
  // A declined end that was not forced is over: the runner serves its job and ends by itself.
  if (known && report.endsRefused > known.endsRefused && !known.endForced) delete runner.mustEnd;
  state.runners[report.name] = runner;
  if (known?.phase !== report.phase) noteMove(state, runner, now);
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

function noteMove(state: PoolState, runner: PoolRunner, now: number): void {
  runner.absentLooks = 0;
  delete runner.absentSince;
  runner.downLooks = 0;
  if (!isAlive(runner.phase) || runner.phase === 'registering') runner.githubBusy = false;
  switch (runner.phase) {
    case 'standby':
      state.creationAllowance = Math.min(creationCap, state.creationAllowance * 2);
      state.creation.failures = 0;
      return;
    case 'busy':
      state.activation.failures = 0;
      return;
    case 'removing':
      noteEnd(state, runner, now);
      return;
    case 'removed':
      state.totals.removed += 1;
      state.graves[runner.name] = now;
      delete state.runners[runner.name];
      return;
    case 'creating':
    case 'registering':
    case 'idle':
      return;
  }
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
      if (runner.job) {
        state.totals.interrupted += 1;
        return;
      }
      state.totals.failed += 1;
      noteFailure(state.activation, why, now);
      return;
    default:
      if (runner.job) state.totals.interrupted += 1;
  }
}

/** Several failures within one pause are one cause: they count once. */
function noteFailure(backoff: Backoff, reason: string | undefined, now: number): void {
  if (now < backoff.notBefore) return;
  if (now - backoff.lastAt > limits.failuresForgottenAfterMs) backoff.failures = 0;
  backoff.failures += 1;
  backoff.lastAt = now;
  backoff.notBefore = now + Math.min(limits.longestPauseMs, limits.firstPauseMs * 2 ** (backoff.failures - 1));
  backoff.reason = reason;
}

/** Takes in a good look at GitHub's list. Absence and idleness become facts only by repeated looks. */
export function noteRegistrations(state: PoolState, report: RegistrationReport): void {
  state.github = { ok: true };
  state.registrations = report;
  const listed = new Map(report.runners.map((runner) => [runner.name, runner]));
  for (const runner of Object.values(state.runners)) {
    if (runner.phase !== 'idle' && runner.phase !== 'busy') continue;
    const seen = listed.get(runner.runnerName);
    runner.githubStatus = seen?.status;
    runner.githubBusy = seen?.busy ?? false;
    // A busy runner that is offline has lost its connection; that alone says nothing about its job.
    const present = seen !== undefined && (seen.status === 'online' || seen.busy || runner.phase === 'busy');
    runner.absentLooks = present ? 0 : runner.absentLooks + 1;
    if (present) delete runner.absentSince;
    else runner.absentSince ??= report.at;
  }
  noteStrays(state, report);
}

function noteStrays(state: PoolState, report: RegistrationReport): void {
  const before = state.strays;
  state.strays = {};
  for (const { id, name, busy } of report.runners) {
    const container = containerOf(state.config.host, name);
    if (container === null || container in state.runners || busy) continue;
    const known = before[name];
    state.strays[name] = { id, looks: (known?.looks ?? 0) + 1, since: known?.since ?? report.at };
  }
}

/** One look is not enough to judge by: look again soon. */
export function needsLookAtGithub(state: PoolState): boolean {
  const once = (looks: number) => looks > 0 && looks < limits.looks;
  return (
    Object.values(state.runners).some((runner) => once(runner.absentLooks)) ||
    Object.values(state.strays).some((stray) => once(stray.looks))
  );
}

/** Takes in a good look at the host. */
export function noteHost(state: PoolState, report: HostReport, now: number): void {
  state.host = { ok: true };
  state.hostReport = report;
  const up = new Set(report.containers.filter(({ state }) => state === 'up').map(({ name }) => name));
  for (const runner of Object.values(state.runners)) {
    if (!isAlive(runner.phase) || runner.phase === 'creating' || runner.phaseSince > report.at) continue;
    runner.downLooks = up.has(runner.name) ? 0 : runner.downLooks + 1;
  }
  for (const [name, at] of Object.entries(state.graves)) {
    if (now - at > limits.graveKeptMs) delete state.graves[name];
  }
}

export function needsLookAtHost(state: PoolState): boolean {
  return Object.values(state.runners).some(({ downLooks }) => downLooks > 0 && downLooks < limits.looks);
}

export function noteDemand(state: PoolState, demand: Demand): void {
  if (demand.at >= state.demand.at) state.demand = demand;
}
