import { expect, test } from '@jest/globals';
import type { Phase } from '../../workflows/model.js';
import { isAlive, isRegistered, mayMove, transitions } from '../../workflows/policy/lifecycle.js';

const phases = Object.keys(transitions) as Phase[];

test.each(phases)('from %s a runner can reach removed, by way of removing', (phase) => {
  expect(reachable(phase)).toContain('removed');
  if (isAlive(phase)) expect(mayMove(phase, 'removing')).toBe(true);
});

test('what is removed stays removed', () => {
  expect(transitions.removed).toEqual([]);
});

test('a runner that had a job gets no second one', () => {
  expect(reachable('busy')).toEqual(['busy', 'removing', 'removed']);
});

test('every move of an idle runner is to a job or to its end', () => {
  expect(transitions.idle).toEqual(['busy', 'removing']);
});

test('GitHub knows a runner while it registers, waits and works', () => {
  expect(phases.filter(isRegistered)).toEqual(['registering', 'idle', 'busy']);
});

function reachable(from: Phase): Phase[] {
  const found = new Set<Phase>([from]);
  for (const phase of found) for (const next of transitions[phase]) found.add(next);
  return [...found];
}
