import type { OperationId } from '../contract/operations.js';
import type { Identity } from './authenticator.js';
import { GithubError, usualMessage } from './github-error.js';

export type Bucket = 'core' | 'actions_runner_registration';

export interface RateLimitOptions {
  core: number;
  actions_runner_registration: number;
  windowMs: number;
}

/** GitHub's limits of a person's account. */
export const usualRateLimits: RateLimitOptions = {
  core: 5000,
  actions_runner_registration: 10_000,
  windowMs: 3_600_000,
};

/** The bucket that an operation is counted in; asking for the limits costs nothing. */
export function bucketOf(id: OperationId): Bucket | undefined {
  if (id === 'rate-limit/get') return undefined;
  const registers = id.includes('generate-runner-jitconfig') || id.includes('create-registration-token');
  return registers ? 'actions_runner_registration' : 'core';
}

/** GitHub's primary rate limit: so many requests of an account in a window. */
export class RateLimits {
  readonly #windows = new Map<string, { used: number; resetAt: number }>();

  constructor(private readonly options: RateLimitOptions) {}

  /** GithubError 403 when nothing is left. */
  check({ account }: Identity, bucket: Bucket): void {
    if (this.#window(account, bucket).used < this.options[bucket]) return;
    throw new GithubError(403, `API rate limit exceeded for ${account}.`);
  }

  count({ account }: Identity, bucket: Bucket): void {
    this.#window(account, bucket).used += 1;
  }

  /** `reset` in seconds since the epoch, as GitHub says it. */
  state({ account }: Identity, bucket: Bucket) {
    const { used, resetAt } = this.#window(account, bucket);
    const limit = this.options[bucket];
    return { limit, remaining: Math.max(limit - used, 0), used, reset: Math.ceil(resetAt / 1000) };
  }

  headers(identity: Identity, bucket: Bucket): Record<string, string> {
    const state = Object.entries(this.state(identity, bucket));
    const headers = state.map(([name, value]) => [`x-ratelimit-${name}`, String(value)]);
    return { ...Object.fromEntries(headers), 'x-ratelimit-resource': bucket } as Record<string, string>;
  }

  #window(account: string, bucket: Bucket) {
    const key = `${account} ${bucket}`;
    const current = this.#windows.get(key);
    if (current && current.resetAt > Date.now()) return current;
    const fresh = { used: 0, resetAt: Date.now() + this.options.windowMs };
    this.#windows.set(key, fresh);
    return fresh;
  }
}

/** GitHub's secondary limit: so many points a minute, of which a read costs 1 and a write 5. */
export class SecondaryLimits {
  #spent: { at: number; points: number }[] = [];

  constructor(private readonly pointsPerMinute: number) {}

  /** GithubError 403 with retry-after when it is too much. */
  spend(method: string): void {
    const now = Date.now();
    this.#spent = this.#spent.filter(({ at }) => at > now - 60_000);
    const points = method === 'GET' ? 1 : 5;
    const sum = this.#spent.reduce((total, entry) => total + entry.points, points);
    if (sum > this.pointsPerMinute) throw new GithubError(403, usualMessage(403), { 'retry-after': '60' });
    this.#spent.push({ at: now, points });
  }
}
