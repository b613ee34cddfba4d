import type { RunnerState } from '../model.js';
import { limits } from './limits.js';
import { runnerNameOf } from './names.js';
import { newPoolRunner } from './observe-runner.js';
import type { Action } from './actions.js';
import { effectiveConfig, type PoolState } from './pool-state.js';

/**
 * Writes an action into the state before it is carried out, so that the next plan counts on it: what was ordered
 * is not ordered again because its report is still under way.
 */
export function noteAction(state: PoolState, action: Action, now: number): void {
  switch (action.do) {
    case 'create':
      state.lastSerial = action.serial;
      state.totals.created += 1;
      state.runners[action.name] = newPoolRunner(newRunner(state, action, now));
      return;
    case 'adopt': {
      // Keeps a slot and a place in the count until its workflow has looked at it and reports its phase. What a
      // stranger was made from is not known, so it is replaced in its turn like any other that is outdated.
      const { system = 'unknown', createdAt = now } = state.runners[action.name] ?? {};
      const runner = { ...newRunner(state, action, now), system, createdAt };
      state.runners[action.name] = { ...newPoolRunner(runner), adopting: true };
      return;
    }
    case 'activate': {
      const runner = must(state, action.name);
      runner.activationsSent = runner.activationsFailed + 1;
      // Not reported by the runner, which would cost both a workflow task: it reports what comes of it.
      runner.phase = 'registering';
      runner.phaseSince = now;
      if (now >= state.handOverUntil + limits.handOverMs) state.handOverUntil = now + limits.handOverMs;
      return;
    }
    case 'end': {
      const runner = must(state, action.name);
      runner.endsSent = runner.endsRefused + 1;
      runner.endForced ||= action.force;
      if (action.reason === 'stuck') {
        state.stuckRecycledAt = now;
        state.totals.stuckRecycled += 1;
      }
      return;
    }
    case 'ask-for-queue':
      state.queueAskedAt = now;
      return;
    case 'deregister':
      // What GitHub still lists later on is looked at, and tried, again.
      state.strays[action.runnerName] = { id: action.runnerId, looks: 0, since: now };
      return;
  }
}

function newRunner(
  state: PoolState,
  { name, slot }: { name: string; slot: number },
  now: number,
): RunnerState {
  const config = effectiveConfig(state);
  return {
    name,
    slot,
    runnerName: runnerNameOf(config.host, name),
    phase: 'creating',
    phaseSince: now,
    createdAt: now,
    system: config.containerSystem,
    labels: [],
    containerGone: false,
    activationsFailed: 0,
    endsRefused: 0,
    version: 0,
  };
}

function must(state: PoolState, name: string) {
  const runner = state.runners[name];
  if (!runner) throw new Error(`plan names runner ${name}, which the pool does not know`);
  return runner;
}
