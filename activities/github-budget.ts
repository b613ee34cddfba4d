import { failure } from '../workflows/failures.js';

/** What the calls of this process have cost, for the status endpoint. Times are milliseconds since the epoch. */
export interface GithubCounters {
  requests: number;
  /** Answers that used up the primary rate limit. */
  counted: number;
  /** Answers 304 to an ETag, which are free. */
  notModified: number;
  /** Requests that got no answer. */
  unanswered: number;
  /** The primary rate limit as GitHub last told it. */
  limit: number | null;
  remaining: number | null;
  resetAt: number | null;
  /** No call is made before this time; null when calls may be made. */
  blockedUntil: number | null;
}

/** GitHub's name for a primary rate limit; `any` stands for all of them and for the secondary limits. */
export type Bucket = 'core' | 'actions_runner_registration' | 'any';

/** How long GitHub wants to be left alone, and by which calls. */
export interface Pause {
  bucket: Bucket;
  waitMs: number;
}

/**
 * The one owner of the rate limit's reset time. Once GitHub has said "later", every further call fails here at once
 * with what is left of the wait: to go on calling while limited lengthens the limit and risks a ban.
 */
export class GithubBudget {
  readonly #pausedUntil = new Map<Bucket, number>();
  readonly #counts = { requests: 0, counted: 0, notModified: 0, unanswered: 0 };
  #core: { limit: number; remaining: number; resetAt: number } | null = null;

  /** Throws GithubRateLimited while calls of this bucket would be refused. `free` calls have no primary limit. */
  check(bucket: Bucket | 'free', now = Date.now()): void {
    const until = Math.max(this.#until('any'), bucket === 'free' ? 0 : this.#until(bucket));
    if (until <= now) return;
    const message = `GitHub's rate limit is used up until ${new Date(until).toISOString()}; no call is made before.`;
    throw failure('GithubRateLimited', message, until - now);
  }

  /** Holds back the bucket's calls; a shorter wait never cuts a longer one. */
  pause({ bucket, waitMs }: Pause, now = Date.now()): void {
    this.#pausedUntil.set(bucket, Math.max(this.#until(bucket), now + waitMs));
  }

  countUnanswered(): void {
    this.#counts.requests += 1;
    this.#counts.unanswered += 1;
  }

  /** @param free true for calls that GitHub never counts */
  countAnswer(status: number, headers: Headers, free: boolean): void {
    this.#counts.requests += 1;
    if (status === 304) this.#counts.notModified += 1;
    else if (!free) this.#counts.counted += 1;
    const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
      Number(headers.get(`x-ratelimit-${name}`) ?? NaN),
    ) as [number, number, number];
    const resource = headers.get('x-ratelimit-resource') ?? 'core';
    if (resource === 'core' && [limit, remaining, reset].every(Number.isFinite)) {
      this.#core = { limit, remaining, resetAt: reset * 1000 };
    }
  }

  /** True while less than a fifth of the primary limit is left: time for calls that can wait to come less often. */
  isLow(now = Date.now()): boolean {
    return this.#core !== null && this.#core.resetAt > now && this.#core.remaining < this.#core.limit / 5;
  }

  counters(now = Date.now()): GithubCounters {
    const until = Math.max(0, ...this.#pausedUntil.values());
    const { limit, remaining, resetAt } = this.#core ?? { limit: null, remaining: null, resetAt: null };
    return { ...this.#counts, limit, remaining, resetAt, blockedUntil: until > now ? until : null };
  }

  #until(bucket: Bucket): number {
    return this.#pausedUntil.get(bucket) ?? 0;
  }
}
