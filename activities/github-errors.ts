import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../workflows/failures.js';
import type { Bucket, Pause } from './github-budget.js';

/** What was tried, in words for a failure's message. */
export interface GithubCall {
  /** E.g. `list the runners of cashubtc/cdk`. */
  operation: string;
  /** E.g. `the token in /run/secrets/github-runner/token`. */
  credential: string;
  /** E.g. `the repository cashubtc/cdk`. */
  target: string;
  /** Permission that GitHub asks for, e.g. `Administration (read and write)`. */
  permission: string;
}

/** Octokit's RequestError, by its shape: only the client imports Octokit. No `response` means no answer came. */
interface RequestError extends Error {
  status: number;
  response?: { status: number; headers: Record<string, string | undefined>; data: unknown };
}

/**
 * The one place where GitHub's answers become our failures; undefined for an error that is none of GitHub's.
 * Judged by status and headers; the message names the operation and GitHub's request id, and carries neither a
 * header nor a body.
 */
export function githubFailure(
  error: unknown,
  call: GithubCall,
  pause?: Pause,
): ApplicationFailure | undefined {
  if (!isRequestError(error)) return undefined;
  if (!error.response) {
    return failure(
      'GithubUnavailable',
      `GitHub did not answer (${networkFault(error)}) when asked to ${call.operation}.`,
    );
  }
  const { status, headers } = error.response;
  const answer = `GitHub answered ${status} when asked to ${call.operation}${requestId(headers)}`;
  if (pause) {
    const seconds = Math.ceil(pause.waitMs / 1000);
    return failure(
      'GithubRateLimited',
      `${answer}: its rate limit allows the next call in ${seconds} s.`,
      pause.waitMs,
    );
  }
  switch (status) {
    case 401:
    case 403:
    case 404:
      // GitHub hides what a token may not see behind a 404, so the three have one text.
      return failure(
        'GithubUnauthorized',
        `${answer}: ${call.credential} is wrong or expired, or it lacks the permission ${call.permission}, ` +
          `or ${call.target} does not exist.`,
      );
    case 400:
    case 422:
      return failure(
        'ConfigInvalid',
        `${answer}: it does not accept the request; check names, labels and runner group.`,
      );
    default:
      return failure('GithubUnavailable', `${answer}.`);
  }
}

/** Status of GitHub's answer; undefined when none came. */
export function answeredStatus(error: unknown): number | undefined {
  return isRequestError(error) ? error.response?.status : undefined;
}

const minuteMs = 60_000;
/** No limit of GitHub's runs for longer than an hour; a longer wait is a mistake, and would park the pool. */
const longestPauseMs = 60 * minuteMs;

/** How long GitHub wants to be left alone, if this is a refusal for a rate limit. */
export function pauseOf(error: unknown, now = Date.now()): Pause | undefined {
  const response = isRequestError(error) ? error.response : undefined;
  if (!response || (response.status !== 403 && response.status !== 429)) return undefined;
  const { headers } = response;

  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined)
    return { bucket: 'any', waitMs: bounded(Number(retryAfter) * 1000 || minuteMs) };
  if (headers['x-ratelimit-remaining'] === '0') {
    // A second more: the reset time is a whole second, and the clocks are two.
    const waitMs = Number(headers['x-ratelimit-reset']) * 1000 + 1000 - now;
    return { bucket: bucketOf(headers['x-ratelimit-resource']), waitMs: bounded(waitMs || minuteMs) };
  }
  if (response.status === 429 || isSecondaryLimit(response.data)) return { bucket: 'any', waitMs: minuteMs };
  return undefined;
}

const bounded = (waitMs: number) => Math.min(Math.max(waitMs, 1000), longestPauseMs);

function bucketOf(resource: string | undefined): Bucket {
  return resource === 'core' || resource === 'actions_runner_registration' ? resource : 'any';
}

// A secondary limit may come as a 403 without any header; what the body links to is then all that tells it from a
// missing permission. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
function isSecondaryLimit(data: unknown): boolean {
  if (typeof data !== 'object' || data === null || !('documentation_url' in data)) return false;
  return (
    typeof data.documentation_url === 'string' && data.documentation_url.includes('secondary-rate-limits')
  );
}

function isRequestError(error: unknown): error is RequestError {
  return error instanceof Error && error.name === 'HttpError' && 'status' in error;
}

const requestId = (headers: Record<string, string | undefined>) =>
  headers['x-github-request-id'] ? ` (request ${headers['x-github-request-id']})` : '';

/** ECONNREFUSED and the like, from the innermost cause that has a code. */
function networkFault(error: { cause?: unknown }): string {
  let fault = 'the connection failed';
  for (let cause = error.cause as Cause | undefined; cause; cause = cause.cause) {
    if (cause.name === 'TimeoutError') return 'timed out';
    if (typeof cause.code === 'string') fault = cause.code;
  }
  return fault;
}

interface Cause {
  name?: unknown;
  code?: unknown;
  cause?: Cause;
}
