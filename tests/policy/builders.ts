import type { Phase, PoolConfig, RunnerState } from '../../workflows/model.js';
import { noteAction } from '../../workflows/policy/act.js';
import type { Action } from '../../workflows/policy/actions.js';
import { formatName, runnerNameOf } from '../../workflows/policy/names.js';
import { newPoolRunner } from '../../workflows/policy/observe-runner.js';
import { plan } from '../../workflows/policy/plan.js';
import { newPoolState, type PoolRunner, type PoolState } from '../../workflows/policy/pool-state.js';

/** Noon of some day: each builder's present. */
export const now = Date.UTC(2026, 10, 24, 12);
/** A moment long enough ago that no grace time holds. */
export const longAgo = now - 3_600_000;

export const minutes = (count: number) => count * 60_000;

export function configOf(changes: Partial<PoolConfig> = {}): PoolConfig {
  const maxConcurrentJobs = changes.maxConcurrentJobs ?? 3;
  return {
    host: 'cdk-runner-01',
    repository: 'cashubtc/cdk',
    labels: ['self-hosted', 'nix'],
    maxConcurrentJobs,
    warmRunners: maxConcurrentJobs,
    standbyContainers: 1,
    pollIntervalMs: 10_000,
    jobTimeoutMs: minutes(120),
    runnerStartupTimeoutMs: minutes(10),
    containerSystem: '/nix/store/today',
    githubServerUrl: 'https://github.com',
    ...changes,
  };
}

/** A runner without a name yet; `aPool` gives it one. */
type Draft = (config: PoolConfig, index: number) => PoolRunner;

const draft =
  (phase: Phase, changes: Partial<PoolRunner> = {}): Draft =>
  (config, index) => {
    const name = formatName(0xa0000 + index, index);
    const isRegistered = phase === 'registering' || phase === 'idle' || phase === 'busy';
    const report: RunnerState = {
      name,
      slot: index,
      runnerName: runnerNameOf(config.host, name),
      phase,
      phaseSince: longAgo,
      // The first of several is the oldest.
      createdAt: longAgo + index,
      system: config.containerSystem,
      labels: isRegistered ? config.labels : [],
      containerGone: false,
      activationsFailed: 0,
      endsRefused: 0,
      version: 1,
    };
    return { ...newPoolRunner(report), activationsSent: isRegistered ? 1 : 0, ...changes };
  };

const many =
  (phase: Phase) =>
  (count = 1, changes: Partial<PoolRunner> = {}): Draft[] =>
    Array.from({ length: count }, () => draft(phase, changes));

export const creating = many('creating');
export const standby = many('standby');
export const registering = many('registering');
export const idle = many('idle');
export const busy = many('busy');
export const removing = many('removing');

/** A pool with these runners, whose host and GitHub show just these. */
export function aPool(changes: Partial<PoolConfig>, ...groups: Draft[][]): PoolState {
  const config = configOf(changes);
  const state = newPoolState(config);
  for (const [index, make] of groups.flat().entries()) {
    const runner = make(config, index);
    state.runners[runner.name] = runner;
  }
  const runners = Object.values(state.runners);
  state.queueAskedAt = now;
  state.hostReport = {
    at: longAgo,
    orphans: [],
    containers: runners.map(({ name }) => ({ name, state: 'up' })),
  };
  state.registrations = {
    at: longAgo,
    runners: runners
      .filter(({ phase }) => phase === 'idle' || phase === 'busy')
      .map(({ runnerName, slot, phase }) => ({
        id: slot + 1,
        name: runnerName,
        status: 'online',
        busy: phase === 'busy',
      })),
  };
  return state;
}

/** The runner that was given to `aPool` at this place. */
export function runnerAt(state: PoolState, index: number): PoolRunner {
  const runner = state.runners[formatName(0xa0000 + index, index)];
  if (!runner) throw new Error(`no runner at ${index}`);
  return runner;
}

/** What the pool is told by a runner that has become this. */
export function reportOf(runner: PoolRunner, changes: Partial<RunnerState>): RunnerState {
  return { ...runner, version: runner.version + 1, phaseSince: now, ...changes };
}

/** How often the plan does this now. */
export function count(state: PoolState, what: Action['do'], at = now): number {
  return plan(state, at).actions.filter((action) => action.do === what).length;
}

/** Whom the plan ends now, as `index reason`, with `!` for an order that also ends a job. */
export function ends(state: PoolState, at = now): string[] {
  return plan(state, at).actions.flatMap((action) => {
    if (action.do !== 'end') return [];
    return [`${state.runners[action.name]?.slot} ${action.reason}${action.force ? '!' : ''}`];
  });
}

/** Plans and notes until nothing is left to do; returns all that was. Throws when there is no end of it. */
export function settle(state: PoolState, at = now): Action[] {
  const done: Action[] = [];
  for (let round = 0; round < 10; round += 1) {
    const { actions } = plan(state, at);
    if (actions.length === 0) return done;
    for (const action of actions) noteAction(state, action, at);
    done.push(...actions);
  }
  throw new Error('the plan reaches no fixed point');
}
