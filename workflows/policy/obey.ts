import type { PoolConfig } from '../model.js';
import { isOutdated } from './census.js';
import { isAlive } from './lifecycle.js';
import { effectiveConfig, type Drain, type PoolRunner, type PoolState, type Resize } from './pool-state.js';

/**
 * What the orders of people, and of a worker that starts, change in the state; the next plan carries it out. Each
 * returns the runners that it concerns at once.
 */
export const obey = {
  drain(state: PoolState, { mode, reason }: Pick<Drain, 'mode' | 'reason'>, now: number): PoolRunner[] {
    state.drain = { mode, reason, since: state.drain?.since ?? now };
    return alive(state).filter(({ phase }) => mode === 'now' || phase !== 'busy');
  },

  resume(state: PoolState): PoolRunner[] {
    state.drain = null;
    // A person who resumes has mended something: no pause from before holds.
    endPauses(state);
    return [];
  },

  cleanup(state: PoolState, { reason }: { reason?: string }): PoolRunner[] {
    const runners = alive(state);
    for (const runner of runners) runner.mustEnd = { reason: 'cleanup', force: true, detail: reason };
    return runners;
  },

  recycle(state: PoolState): PoolRunner[] {
    const config = effectiveConfig(state);
    const runners = alive(state).filter((runner) => runner.phase !== 'busy' && isOutdated(runner, config));
    for (const runner of runners) runner.mustEnd = { reason: 'recycle', force: false };
    return runners;
  },

  resize(state: PoolState, sizes: Resize): PoolRunner[] {
    const named = Object.entries(sizes).filter(([, value]) => value !== undefined);
    state.resized = { ...state.resized, ...Object.fromEntries(named) };
    return [];
  },

  /** What the configuration changes takes effect; what `resize` changed stays where the configuration did not. */
  configure(state: PoolState, config: PoolConfig): PoolRunner[] {
    for (const size of ['maxConcurrentJobs', 'warmRunners', 'standbyContainers'] as const) {
      if (config[size] !== state.config[size]) delete state.resized[size];
    }
    state.config = config;
    // The worker has started: it is there, and what it mended may work now.
    endPauses(state);
    return alive(state).filter((runner) => isOutdated(runner, effectiveConfig(state)));
  },
};

function alive(state: PoolState): PoolRunner[] {
  return Object.values(state.runners).filter(({ phase }) => isAlive(phase));
}

function endPauses(state: PoolState): void {
  state.creation.notBefore = 0;
  state.activation.notBefore = 0;
  state.registrationPause = null;
}
