import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { containerOf, formatName, freeSlot, nextSerial, slotOf } from '../../workflows/policy/names.js';

const minute = 60_000;
const circle = 0x100000;

test.each([
  ['starts with the minutes since the epoch', null, 5 * minute, 5],
  ['counts on while it is ahead of the clock', 9, 5 * minute, 10],
  ['catches up with the clock', 3, 90 * minute, 90],
  ['wraps after two years', circle - 1, (circle - 1) * minute, 0],
  ['stays ahead of a clock that has not wrapped yet', 2, (circle - 1) * minute, 3],
  ['follows a clock that has wrapped', circle - 5, (circle + 7) * minute, 7],
])('a serial number %s', (_title, last, now, expected) => {
  expect(nextSerial(last, now)).toBe(expected);
});

test('no serial number comes twice, however the clock runs', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3 * minute }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 2 * circle }), (pauses, start) => {
      let now = start * minute;
      let last: number | null = null;
      const seen = new Set<number>();
      for (const pause of pauses) {
        now += pause;
        last = nextSerial(last, now);
        seen.add(last);
      }
      return seen.size === pauses.length;
    }),
  );
});

test('a name is at most 11 characters, and tells its slot', () => {
  const name = formatName(circle - 1, 9999);
  expect([name.length, slotOf(name)]).toEqual([11, 9999]);
});

test.each(['3a1f9-r', '3a1f9-r00000', '3A1F9-r0', 'x3a1f9-r0', '3a1f9-r0 ', 'j3a1f-r0', ''])(
  '%j is no container of ours',
  (name) => {
    expect(slotOf(name)).toBeNull();
  },
);

test.each([
  ['cdk-runner-01-3a1f9-r0', '3a1f9-r0'],
  ['cdk-runner-02-3a1f9-r0', null],
  ['cdk-runner-01-b-3a1f9-r0', null],
  ['cdk-runner-01-build', null],
  ['cdk-runner-01', null],
])('to cdk-runner-01, the runner %s is container %s', (runnerName, container) => {
  expect(containerOf('cdk-runner-01', runnerName)).toBe(container);
});

test('takes the lowest free slot', () => {
  expect([freeSlot([]), freeSlot([0, 1, 3]), freeSlot([1, 2])]).toEqual([0, 2, 0]);
});
