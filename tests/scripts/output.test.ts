import { expect, test } from '@jest/globals';
import { age, bytes, columns, duration, withoutControls } from '../../scripts/lib/output.js';

test('takes control characters out of what a job calls itself, and leaves the rest', () => {
  const job = { name: 'Tests \u001b[2J\u009b31m\r\nünï‮code', labels: ['a\u0007'], count: 3, none: null };
  expect(withoutControls(job)).toEqual({
    name: 'Tests �[2J�31m��ünï�code',
    labels: ['a�'],
    count: 3,
    none: null,
  });
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [200 * 1024 * 1024, '200 MiB'],
  [1.5 * 1024 ** 4, '1.5 TiB'],
])('shows %d bytes as %s', (count, shown) => {
  expect(bytes(count)).toBe(shown);
});

test.each([
  [-5, '0ms'],
  [1_234, '1.2s'],
  [45_678, '45s'],
  [3_725_000, '1h 2m'],
])('shows a duration of %d ms as %s', (ms, shown) => {
  expect(duration(ms)).toBe(shown);
});

test('shows an age in whole seconds, and none that is negative', () => {
  const now = Date.parse('2026-01-01T00:01:05.400Z');
  const ages = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:05.000Z', '2026-01-01T00:02:00.000Z'].map(
    (at) => age(at, now),
  );
  expect(ages).toEqual(['1m 5s', '0s', '0s']);
});

test('lines columns up', () => {
  expect(
    columns(
      ['A', 'B'],
      [
        ['long', 'x'],
        ['y', 'z'],
      ],
    ),
  ).toBe('A     B\nlong  x\ny     z');
  expect(columns(['A'], [])).toBe('');
});
