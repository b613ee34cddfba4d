import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';

/** Never retried by Temporal: someone, or the workflow, has to decide. */
const fatal = [
  'ConfigInvalid',
  'GithubUnauthorized',
  'RunnerNameTaken',
  'HostFull',
  'ContainerLost',
  'SystemMissing',
  'IllegalTransition',
] as const;
const retried = [
  'GithubRateLimited',
  'GithubUnavailable',
  'ContainerStartFailed',
  'ContainerNotRemoved',
  'CommandTimedOut',
  'HostUnavailable',
] as const;

/** What can go wrong, as a word that code matches on; messages are for people only. */
export type FailureType = (typeof fatal)[number] | (typeof retried)[number];

/**
 * The one way that our code fails. The message names the system, the operation, the id and what to do; it never
 * carries a request, a response or a command's whole output, which could hold a secret.
 * @param retryAfterMs when the other side said how long to wait
 */
export function failure(type: FailureType, message: string, retryAfterMs?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: (fatal as readonly string[]).includes(type),
    nextRetryDelay: retryAfterMs,
    // The SDK does not give `nextRetryDelay` to the workflow that gets the failure.
    ...(retryAfterMs !== undefined && { details: [{ retryAfterMs }] }),
  });
}

/** The type of what an activity failed with: ours, `Timeout`, or `Unknown`. */
export function failureType(error: unknown): FailureType | 'Timeout' | 'Unknown' {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return 'Timeout';
  if (cause instanceof ApplicationFailure && [...fatal, ...retried].includes(cause.type as FailureType)) {
    return cause.type as FailureType;
  }
  return 'Unknown';
}

/** How long the other side asked us to wait, where it said so; else 0. */
export function retryAfterMs(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const [detail] = (cause instanceof ApplicationFailure && cause.details) || [];
  const isTold = typeof detail === 'object' && detail !== null && 'retryAfterMs' in detail;
  return isTold ? Number(detail.retryAfterMs) : 0;
}

/** The sentence behind an activity's failure. */
export function failureMessage(error: unknown): string {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
