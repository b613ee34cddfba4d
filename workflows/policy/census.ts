import type { PoolConfig } from '../model.js';
import { isAlive } from './lifecycle.js';
import { effectiveConfig, type PoolRunner, type PoolState } from './pool-state.js';

/** The runners of a pool, sorted by what they mean for the next decision. */
export interface Census {
  config: PoolConfig;
  /** Being made. */
  creating: PoolRunner[];
  /** Booted, unregistered, free to be activated. */
  standby: PoolRunner[];
  /** Told to register, or registered and waiting for a job. */
  available: PoolRunner[];
  /** Running a job, by our own or by GitHub's word. */
  busy: PoolRunner[];
  /** Not counted on, yet perhaps registered: told to end but not let go yet, or taken over and still silent. */
  leaving: PoolRunner[];
  /** Containers whose teardown is under way. */
  removing: PoolRunner[];
}

export function isEnding(runner: PoolRunner): boolean {
  return runner.endsSent > runner.endsRefused;
}

/** An activation is under way that the runner has not yet reported. */
export function isActivating(runner: PoolRunner): boolean {
  return (
    runner.phase === 'registering' ||
    (runner.phase === 'standby' && runner.activationsSent > runner.activationsFailed)
  );
}

/** Busy when either side says so: our events are faster, GitHub's word is the judge. */
export function isBusy(runner: PoolRunner): boolean {
  return runner.phase === 'busy' || (isAlive(runner.phase) && runner.githubBusy);
}

/** Made from another system than today's, or registered with other labels. */
export function isOutdated(runner: PoolRunner, config: PoolConfig): boolean {
  if (runner.system !== config.containerSystem) return true;
  return runner.labels.length > 0 && runner.labels.join() !== config.labels.join();
}

export function takeCensus(state: PoolState): Census {
  const census: Census = {
    config: effectiveConfig(state),
    creating: [],
    standby: [],
    available: [],
    busy: [],
    leaving: [],
    removing: [],
  };
  for (const runner of Object.values(state.runners)) sortIn(census, runner);
  return census;
}

function sortIn(census: Census, runner: PoolRunner): void {
  if (!isAlive(runner.phase)) {
    if (runner.phase === 'removing' && !runner.containerGone) census.removing.push(runner);
  } else if (runner.adopting) census.leaving.push(runner);
  else if (isBusy(runner)) (runner.endForced ? census.leaving : census.busy).push(runner);
  else if (isActivating(runner) || runner.phase === 'idle') {
    (isEnding(runner) ? census.leaving : census.available).push(runner);
  } else if (isEnding(runner)) census.removing.push(runner);
  else if (runner.phase === 'creating') census.creating.push(runner);
  else census.standby.push(runner);
}
