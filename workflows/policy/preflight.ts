import type { Census } from './census.js';
import type { Backoff, PoolState } from './pool-state.js';

/** Why no container may be made now; null when one may. */
export function creationHold(state: PoolState, census: Census, now: number): string | null {
  if (!state.host.ok) return `the host does not answer: ${state.host.reason}`;
  if (!state.hostReport) return 'the host has not been looked at yet';
  if (state.hostReport.full) return state.hostReport.full;
  const pause = pauseOf(state.creation, now);
  if (pause) return `containers fail to start, ${pause}`;
  // Containers that can't be torn down must not pile up behind ever new ones.
  const limit = census.config.maxConcurrentJobs + census.config.standbyContainers;
  if (census.removing.length > limit) return `${census.removing.length} containers are still being removed`;
  return null;
}

/** Why no runner may be registered now; null when one may. */
export function registrationHold(state: PoolState, now: number): string | null {
  if (!state.host.ok) return `the host does not answer: ${state.host.reason}`;
  if (!state.hostReport) return 'the host has not been looked at yet';
  if (!state.registrations) return 'GitHub has not been looked at yet';
  if (!state.github.ok) return `GitHub: ${state.github.reason}`;
  const refused = state.registrationPause;
  if (refused && now < refused.retryAt) return `GitHub refuses registrations: ${refused.reason}`;
  const pause = pauseOf(state.activation, now);
  return pause ? `runners end before any job, ${pause}` : null;
}

function pauseOf(backoff: Backoff, now: number): string | null {
  if (now >= backoff.notBefore) return null;
  const seconds = Math.ceil((backoff.notBefore - now) / 1000);
  return `${backoff.failures} time(s) of late, next try in ${seconds} s: ${backoff.reason ?? 'no reason given'}`;
}
