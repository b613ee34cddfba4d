import type { HostReport } from '../model.js';
import { isAlive } from './lifecycle.js';
import { limits } from './limits.js';
import type { PoolState } from './pool-state.js';

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

/** One look that finds a container down is not enough to judge by: look again soon. */
export function needsLookAtHost(state: PoolState): boolean {
  return Object.values(state.runners).some(({ downLooks }) => downLooks > 0 && downLooks < limits.looks);
}
