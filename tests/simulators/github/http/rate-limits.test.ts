import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { RateLimits, SecondaryLimits } from '../../../../simulators/github/http/rate-limits.js';

const asker = { account: 'user', token: 't' };

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  jest.useRealTimers();
});

test('a window begins with its first request and gives everything back at its end', () => {
  const limits = new RateLimits({ core: 1, actions_runner_registration: 1, windowMs: 60_000 });
  limits.count(asker, 'core');
  expect(limits.state(asker, 'core')).toEqual({ limit: 1, remaining: 0, used: 1, reset: 1_060 });
  jest.advanceTimersByTime(59_999);
  expect(() => limits.check(asker, 'core')).toThrow('API rate limit exceeded');
  jest.advanceTimersByTime(1);
  expect(limits.state(asker, 'core')).toEqual({ limit: 1, remaining: 1, used: 0, reset: 1_120 });
});

test('the points of the secondary limit are forgotten after a minute', () => {
  const limits = new SecondaryLimits(5);
  limits.spend('POST');
  expect(() => limits.spend('GET')).toThrow('secondary rate limit');
  jest.advanceTimersByTime(60_000);
  limits.spend('POST');
});
