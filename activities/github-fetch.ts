import type { GithubBudget } from './github-budget.js';

interface CachedAnswer {
  etag: string;
  headers: Headers;
  body: ArrayBuffer;
}

/** Bytes of answers kept for ETags: some hundred pages of runners, some dozen pages of long jobs. */
const maxCacheBytes = 16 * 1024 * 1024;

/**
 * `fetch` as the GitHub client needs it: with a time limit, counted, and with ETags. An unchanged answer comes from
 * memory as if GitHub had sent it; the 304 behind it does not count against the primary rate limit.
 */
export function createGithubFetch({ budget, timeoutMs }: { budget: GithubBudget; timeoutMs: number }) {
  const cache = new EtagCache();

  return async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    cache.belongTo(headers.get('authorization'));
    const cached = init.method === 'GET' ? cache.get(url) : undefined;
    if (cached) headers.set('if-none-match', cached.etag);

    const { response, body } = await answer(url, { ...init, headers }, timeoutMs).catch((error: unknown) => {
      budget.countUnanswered();
      throw error;
    });
    budget.countAnswer(response.status, response.headers, isFree(url));

    if (response.status === 304 && cached) {
      return new Response(cached.body, { status: 200, headers: cached.headers });
    }
    const etag = response.headers.get('etag');
    if (init.method === 'GET' && response.status === 200 && etag) {
      cache.set(url, { etag, headers: response.headers, body }, headers.get('authorization'));
    }
    const bodiless = [204, 205, 304].includes(response.status);
    return new Response(bodiless ? null : body, { status: response.status, headers: response.headers });
  };
}

/** Calls that GitHub never counts: the look at the rate limit, and an App's request for a token. */
export const isFree = (url: string) => url.endsWith('/rate_limit') || url.endsWith('/access_tokens');

// The body is read here, where an answer that breaks off is an error. Octokit would take it for an empty body, and
// an empty list of runners is the most dangerous wrong answer there is.
async function answer(url: string, init: RequestInit, timeoutMs: number) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  return { response, body: await response.arrayBuffer() };
}

/** Least recently used answers go first. A Map keeps its order of insertion. */
class EtagCache {
  readonly #answers = new Map<string, CachedAnswer>();
  #bytes = 0;
  #authorization: string | null = null;

  /** What one token was shown is nothing to show to another: a new token starts with an empty cache. */
  belongTo(authorization: string | null): void {
    if (authorization === this.#authorization) return;
    this.#authorization = authorization;
    this.#answers.clear();
    this.#bytes = 0;
  }

  get(url: string): CachedAnswer | undefined {
    const answer = this.#answers.get(url);
    if (answer) {
      this.#answers.delete(url);
      this.#answers.set(url, answer);
    }
    return answer;
  }

  set(url: string, answer: CachedAnswer, authorization: string | null): void {
    if (authorization !== this.#authorization) return;
    this.#remove(url);
    this.#answers.set(url, answer);
    this.#bytes += answer.body.byteLength;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= maxCacheBytes) return;
      this.#remove(oldest);
    }
  }

  #remove(url: string): void {
    this.#bytes -= this.#answers.get(url)?.body.byteLength ?? 0;
    this.#answers.delete(url);
  }
}
