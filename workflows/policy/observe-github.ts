import type { GithubRunner, RegistrationReport } from '../model.js';
import { limits } from './limits.js';
import { containerOf } from './names.js';
import type { PoolRunner, PoolState } from './pool-state.js';

/** Takes in a good look at GitHub's list. Absence and idleness become facts only by repeated looks. */
export function noteRegistrations(state: PoolState, report: RegistrationReport): void {
  state.github = { ok: true };
  state.registrations = report;
  const listed = new Map(report.runners.map((runner) => [runner.name, runner]));
  for (const runner of Object.values(state.runners)) {
    if (runner.phase !== 'idle' && runner.phase !== 'busy') continue;
    const seen = listed.get(runner.runnerName);
    if (hasLostContact(runner, seen)) state.totals.lostContact += 1;
    runner.githubStatus = seen?.status;
    runner.githubBusy = seen?.busy ?? false;
    const shown = isShown(runner, seen);
    runner.absentLooks = shown ? 0 : runner.absentLooks + 1;
    if (shown) delete runner.absentSince;
    else runner.absentSince ??= report.at;
  }
  noteStrays(state, report);
}

/**
 * The last list stands until the watch sees another. A runner that it does not show is not absent by that, since
 * lists lag; but once it is old enough to be shown, it is worth a look (actions/runner#4617: a runner that loses its
 * registration within seconds may never be on any list that differs from the one before).
 */
export function judgeByLastList(state: PoolState, runner: PoolRunner, now: number): void {
  if (!state.registrations) return;
  const seen = state.registrations.runners.find(({ name }) => name === runner.runnerName);
  runner.githubStatus = seen?.status;
  if (!isShown(runner, seen)) runner.absentSince = now;
}

/** A listener that is kept from renewing its job's lease, each minute, loses the job after ten (ARC#466, runner#3539). */
function hasLostContact(runner: PoolRunner, seen: GithubRunner | undefined): boolean {
  return runner.phase === 'busy' && runner.githubStatus === 'online' && seen?.status === 'offline';
}

/** A busy runner that is offline has lost its connection; that alone says nothing about its job. */
function isShown(runner: PoolRunner, seen: GithubRunner | undefined): boolean {
  return seen !== undefined && (seen.status === 'online' || seen.busy || runner.phase === 'busy');
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

/** How long GitHub may leave a runner out before it counts as a ghost. */
export function ghostAfterMs({ phase }: PoolRunner): number {
  return phase === 'busy' ? limits.busyGhostAfterMs : limits.ghostAfterMs;
}

/** One look is not enough to judge by, and none is too little once the time is up: look again, whatever has changed. */
export function needsLookAtGithub(state: PoolState, now: number): boolean {
  const isDue = (looks: number, dueAt: number) => looks < limits.looks && (looks > 0 || now >= dueAt);
  const isSuspect = (runner: PoolRunner) =>
    runner.absentSince !== undefined && isDue(runner.absentLooks, runner.absentSince + ghostAfterMs(runner));
  return (
    Object.values(state.runners).some(isSuspect) ||
    Object.values(state.strays).some(({ looks, since }) => isDue(looks, since + limits.strayAfterMs))
  );
}

/** A registration that GitHub refused for a reason that concerns all runners pauses all activations. */
export function noteRefusal(state: PoolState, { trouble }: PoolRunner, now: number): void {
  if (!trouble) return;
  if (!['GithubUnauthorized', 'GithubRateLimited', 'GithubUnavailable'].includes(trouble.type)) return;
  state.registrationPause = {
    type: trouble.type,
    reason: trouble.message,
    since: state.registrationPause?.since ?? now,
    retryAt: Math.max(
      state.registrationPause?.retryAt ?? 0,
      now + Math.max(limits.registrationPauseMs, trouble.retryAfterMs ?? 0),
    ),
  };
}

/** One that gets through after the pause ends it; one from just before says nothing. */
export function noteRegistered(state: PoolState, now: number): void {
  if (state.registrationPause && now >= state.registrationPause.retryAt) state.registrationPause = null;
}
