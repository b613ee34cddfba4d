import { isEnding, isOutdated, type Census } from './census.js';
import { limits } from './limits.js';
import { ghostAfterMs } from './observe-github.js';
import type { Action } from './actions.js';
import type { PoolRunner, PoolState } from './pool-state.js';
import { targets } from './targets.js';

type End = Extract<Action, { do: 'end' }>;

/**
 * Who has to go, and why: at most one reason a runner, the weightiest first. Only an order (cleanup, drain `now`)
 * has `force`; all others are declined by the runner itself when GitHub says that it is running a job.
 */
export function endOrders(state: PoolState, census: Census, now: number): End[] {
  const chosen = new Map<string, End>();
  const choose = (runner: PoolRunner, reason: End['reason'], detail?: string, force = false) => {
    if (!chosen.has(runner.name) && mayBeTold(runner, force, now)) {
      chosen.set(runner.name, { do: 'end', name: runner.name, reason, force, ...(detail && { detail }) });
    }
  };
  ordered(state, census, choose);
  broken(state, census, now, choose);
  if (state.github.ok && state.host.ok) {
    outdated(census, choose);
    surplus(state, census, chosen, now, choose);
    stuck(state, census, now, choose);
  }
  return [...chosen.values()];
}

/** Told once; again when it has declined and some time has passed, or when it is now an order. */
function mayBeTold(runner: PoolRunner, force: boolean, now: number): boolean {
  if (force) return !isEnding(runner) || !runner.endForced;
  const refusedLately =
    runner.endRefusedAt !== undefined && now - runner.endRefusedAt < limits.endAgainAfterMs;
  return !isEnding(runner) && !refusedLately;
}

type Choose = (runner: PoolRunner, reason: End['reason'], detail?: string, force?: boolean) => void;

/** Orders of a person: cleanup, recycle, drain. */
function ordered(state: PoolState, census: Census, choose: Choose): void {
  const idle = [...census.creating, ...census.standby, ...census.available];
  for (const runner of [...idle, ...census.busy, ...census.leaving]) {
    const order = runner.mustEnd;
    if (order) choose(runner, order.reason, order.detail, order.force);
  }
  if (!state.drain) return;
  const force = state.drain.mode === 'now';
  const leaving = force ? [...idle, ...census.busy, ...census.leaving] : idle;
  for (const runner of leaving) choose(runner, 'drain', state.drain.reason, force);
}

/** Runners that can't take a job any more, though they should. */
function broken(state: PoolState, census: Census, now: number, choose: Choose): void {
  for (const runner of [...census.standby, ...census.available, ...census.busy]) {
    if (runner.downLooks >= limits.looks)
      choose(runner, 'container-lost', 'the host says that its container is down', true);
  }
  if (!state.host.ok && now - state.host.since >= limits.hostSilentAfterMs) {
    for (const runner of census.available) choose(runner, 'host-silent', state.host.reason);
  }
  if (!state.github.ok) return;
  for (const runner of [...census.available, ...census.busy]) {
    if (runner.phase === 'registering' || runner.absentSince === undefined) continue;
    if (runner.absentLooks >= limits.looks && now - runner.absentSince >= ghostAfterMs(runner)) {
      choose(runner, 'ghost', 'GitHub does not show this runner, or shows it offline');
    }
  }
}

/** Older systems go: standby ones at once, idle ones one at a time and only when a fresh one can take over. */
function outdated(census: Census, choose: Choose): void {
  const old = (runner: PoolRunner) => isOutdated(runner, census.config);
  for (const runner of [...census.creating, ...census.standby].filter(old)) choose(runner, 'outdated');
  // Without standby containers none is ever ready beforehand: then the last replacement must have arrived.
  const replaceable =
    census.config.standbyContainers > 0
      ? census.standby.some((runner) => !old(runner))
      : census.creating.length + census.standby.length === 0;
  const victim = oldest(census.available.filter((runner) => runner.phase === 'idle' && old(runner)));
  if (victim && replaceable && census.leaving.length === 0) choose(victim, 'outdated');
}

/** More than is wanted: at once what exceeds `maxConcurrentJobs`, the rest after a while. */
function surplus(
  state: PoolState,
  census: Census,
  chosen: Map<string, End>,
  now: number,
  choose: Choose,
): void {
  if (state.drain) return;
  const { maxConcurrentJobs } = census.config;
  const target = targets(state, census);
  const staying = census.available.filter((runner) => !chosen.has(runner.name));
  const idle = byAge(staying.filter((runner) => runner.phase === 'idle'));
  const over = staying.length + census.busy.length - maxConcurrentJobs;
  for (const runner of idle.slice(0, Math.max(0, over))) choose(runner, 'scale-down');
  const unneeded = idle.slice(0, Math.max(0, staying.length - target.available));
  for (const runner of unneeded)
    if (now - runner.phaseSince >= limits.surplusAfterMs) choose(runner, 'scale-down');
  const standby = byAge(census.standby.filter((runner) => !chosen.has(runner.name)));
  const missing = Math.max(0, target.available - staying.length);
  const spare = standby.length + census.creating.length - missing - target.standby;
  for (const runner of standby.slice(0, Math.max(0, spare))) {
    if (now - runner.phaseSince >= limits.surplusAfterMs) choose(runner, 'scale-down');
  }
}

/** Jobs wait although a runner is idle: GitHub's fault, but our page. One runner is replaced, then we look again. */
function stuck(state: PoolState, census: Census, now: number, choose: Choose): void {
  const { queued, oldestQueuedAt, unseen } = state.demand;
  // A queue that can't be seen may have been served long ago.
  if (queued === 0 || oldestQueuedAt === undefined || unseen) return;
  if (now - oldestQueuedAt < limits.stuckAfterMs || now - state.stuckRecycledAt < limits.stuckAfterMs) return;
  const idle = census.available.filter(
    (runner) => runner.phase === 'idle' && now - runner.phaseSince >= limits.stuckAfterMs,
  );
  const victim = oldest(idle);
  if (victim) choose(victim, 'stuck', 'jobs that it could run stay queued');
}

function byAge(runners: PoolRunner[]): PoolRunner[] {
  return [...runners].sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
}

function oldest(runners: PoolRunner[]): PoolRunner | undefined {
  return byAge(runners)[0];
}
