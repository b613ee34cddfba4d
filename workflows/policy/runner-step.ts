import type { EndReason, Phase, RunnerEvents } from '../model.js';

/** What a runner workflow knows when it decides its next step. */
export interface RunnerView {
  phase: Phase;
  events: RunnerEvents;
  /** The container, or its event directory, is gone. */
  lost?: string;
  /** An activation that waits to be carried out. */
  activate: boolean;
  /** A request to end. */
  end?: { reason: EndReason; force: boolean; detail?: string };
  /** When the present phase has lasted too long; null when it may last for ever. */
  deadline: number | null;
}

export type RunnerStep =
  | { step: 'wait' }
  | { step: 'register' }
  | { step: 'become'; phase: 'idle' | 'busy' }
  /** Nothing can be running in it: remove it now. */
  | { step: 'end'; reason: EndReason; detail?: string }
  /** Remove it if GitHub lets the registration go; it declines for a runner with a job. */
  | { step: 'ask'; reason: EndReason; detail?: string }
  /** Remove it even under a job. */
  | { step: 'kill'; reason: EndReason; detail?: string }
  /** The job has run too long: look once more, then remove it. */
  | { step: 'expire' }
  /** A request that can't be met: a job is running. */
  | { step: 'decline' };

/** The next step of a runner: a pure function of what it knows. What has happened comes before what is wished. */
export function nextStep(view: RunnerView, now: number): RunnerStep {
  const { phase, events, end } = view;
  // Also when it is over already: a worker that was away sees all of it at once, and the record is to be whole.
  if (events['job-started'] && (phase === 'registering' || phase === 'idle'))
    return { step: 'become', phase: 'busy' };
  if (events.exited) return { step: 'end', ...endOfRunner(events) };
  if (view.lost !== undefined) return { step: 'end', reason: 'container-lost', detail: view.lost };
  if (end?.force) return { step: 'kill', reason: end.reason, detail: end.detail };
  if (events.listening && phase === 'registering') return { step: 'become', phase: 'idle' };
  if (end) {
    if (phase === 'standby') return { step: 'end', reason: end.reason, detail: end.detail };
    // A ghost that was busy: only GitHub's own word, asked for directly, can tell that its job is over.
    if (phase === 'busy' && end.reason !== 'ghost') return { step: 'decline' };
    return { step: 'ask', reason: end.reason, detail: end.detail };
  }
  if (view.deadline !== null && now >= view.deadline) {
    if (phase === 'busy') return { step: 'expire' };
    return {
      step: 'ask',
      reason: 'startup-timeout',
      detail: 'the runner did not report that it listens for jobs',
    };
  }
  if (view.activate && phase === 'standby') return { step: 'register' };
  return { step: 'wait' };
}

/** Exit code of Runner.Listener for a version that GitHub no longer serves (actions/runner, Constants.cs). */
const versionDeprecated = 7;

function endOfRunner(events: RunnerEvents): { reason: EndReason; detail?: string } {
  const { exitCode, serviceResult } = events.exited ?? { exitCode: 0, serviceResult: 'success' };
  const how = `exit code ${exitCode}, service result ${serviceResult}`;
  if (events['job-completed']) return { reason: 'job-done' };
  // Whatever follows a job's start may be the job's own doing, so it says nothing about the runner version.
  if (events['job-started'])
    return { reason: 'runner-exited', detail: `the runner ended under its job (${how})` };
  if (exitCode === versionDeprecated) {
    return {
      reason: 'runner-deprecated',
      detail: `GitHub no longer serves this runner version (${how}): update it`,
    };
  }
  return { reason: 'runner-exited', detail: `the runner ended without a job (${how})` };
}
