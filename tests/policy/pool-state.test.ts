import { expect, test } from '@jest/globals';
import { newPoolState, restoredPoolState, type PoolState } from '../../workflows/policy/pool-state.js';
import { configOf } from './builders.js';

test('what an older worker left to its next run lacks nothing that a newer one counts on', () => {
  const { interrupted: _, ...older } = newPoolState(configOf());
  const { lostContact: __, ...totals } = older.totals;
  const state = { ...older, totals: { ...totals, jobs: 7 } } as PoolState;
  expect(restoredPoolState(state)).toEqual({
    ...newPoolState(configOf()),
    totals: { ...newPoolState(configOf()).totals, jobs: 7 },
  });
});
