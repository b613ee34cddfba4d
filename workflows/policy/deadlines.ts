import { takeCensus } from './census.js';
import { isAlive } from './lifecycle.js';
import { limits } from './limits.js';
import { ghostAfterMs } from './observe-github.js';
import type { PoolState } from './pool-state.js';

/** The next moment at which time alone changes the plan; null when only an event can. */
export function nextDeadline(state: PoolState, now: number): number | null {
  const census = takeCensus(state);
  const times: number[] = [state.creation.notBefore, state.activation.notBefore, state.handOverUntil];
  for (const runner of [...census.standby, ...census.available])
    times.push(runner.phaseSince + limits.surplusAfterMs);
  for (const runner of Object.values(state.runners)) {
    if (!isAlive(runner.phase)) continue;
    if (runner.absentSince !== undefined) times.push(runner.absentSince + ghostAfterMs(runner));
    if (runner.endRefusedAt !== undefined) times.push(runner.endRefusedAt + limits.endAgainAfterMs);
  }
  for (const stray of Object.values(state.strays)) times.push(stray.since + limits.strayAfterMs);
  if (!state.host.ok) times.push(state.host.since + limits.hostSilentAfterMs);
  if (state.registrationPause) times.push(state.registrationPause.retryAt);
  const { queued, oldestQueuedAt, unseen } = state.demand;
  if (queued > 0 && oldestQueuedAt !== undefined && !unseen) {
    times.push(oldestQueuedAt + limits.stuckAfterMs, state.stuckRecycledAt + limits.stuckAfterMs);
    for (const runner of census.available) times.push(runner.phaseSince + limits.stuckAfterMs);
  }
  const future = times.filter((time) => time > now);
  return future.length > 0 ? Math.min(...future) : null;
}
