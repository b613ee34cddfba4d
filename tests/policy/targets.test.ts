import { expect, test } from '@jest/globals';
import { takeCensus } from '../../workflows/policy/census.js';
import { targets } from '../../workflows/policy/targets.js';
import { aPool, busy, idle } from './builders.js';

test.each([
  // max, warm, standby, busy, queued → available, standby
  [7, 7, 1, 0, 0, 7, 1],
  [7, 7, 1, 3, 0, 4, 1],
  [7, 7, 1, 7, 0, 0, 1],
  [7, 2, 1, 0, 0, 2, 1],
  [7, 2, 1, 0, 5, 5, 1],
  [7, 2, 1, 3, 9, 4, 5],
  [7, 7, 1, 7, 28, 0, 7],
  [7, 0, 0, 0, 0, 0, 0],
  [7, 0, 0, 2, 9, 5, 0],
  [7, 9, 2, 0, 0, 7, 2],
  [0, 0, 1, 0, 4, 0, 1],
  [2, 2, 1, 3, 0, 0, 1],
])(
  'of %i, %i warm, %i on standby, with %i busy and %i queued, wants %i available and %i on standby',
  (maxConcurrentJobs, warmRunners, standbyContainers, busyRunners, queued, available, standby) => {
    const state = aPool({ maxConcurrentJobs, warmRunners, standbyContainers }, busy(busyRunners));
    state.demand = { queued, at: 1 };
    expect(targets(state, takeCensus(state))).toEqual({ available, standby });
  },
);

test('wants nothing while draining, whatever is queued', () => {
  const state = aPool({}, idle(3));
  state.drain = { mode: 'finish-jobs', since: 1 };
  state.demand = { queued: 5, at: 1 };
  expect(targets(state, takeCensus(state))).toEqual({ available: 0, standby: 0 });
});
