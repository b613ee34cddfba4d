import type { Phase } from '../model.js';

/** Every legal move of a runner. A phase that is not listed as a target can't be reached: each has a way out. */
export const transitions: Record<Phase, readonly Phase[]> = {
  // An adopted container that may be registered is never shown as free to be activated.
  creating: ['standby', 'registering', 'removing'],
  standby: ['registering', 'removing'],
  // Back to standby when GitHub refused without registering: the container is still fresh.
  registering: ['idle', 'busy', 'standby', 'removing'],
  idle: ['busy', 'removing'],
  busy: ['removing'],
  removing: ['removed'],
  removed: [],
};

export function mayMove(from: Phase, to: Phase): boolean {
  return transitions[from].includes(to);
}

/** The container may hold, or soon hold, a job: GitHub knows the runner. */
export function isRegistered(phase: Phase): boolean {
  return phase === 'registering' || phase === 'idle' || phase === 'busy';
}

/** The container stands, or is being made. */
export function isAlive(phase: Phase): boolean {
  return phase !== 'removing' && phase !== 'removed';
}
