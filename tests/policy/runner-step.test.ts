import { describe, expect, test } from '@jest/globals';
import type { Phase, RunnerEvents } from '../../workflows/model.js';
import { nextStep, type RunnerView } from '../../workflows/policy/runner-step.js';
import { now } from './builders.js';

const job = {
  at: now,
  repository: 'cashubtc/cdk',
  workflow: 'CI',
  job: 'test',
  runId: '1',
  runAttempt: 1,
  runnerName: 'cdk-runner-01-a0000-r0',
};
const exited = (exitCode = 0, serviceResult = 'success') => ({ at: now, exitCode, serviceResult });

function view(
  phase: Phase,
  changes: Partial<RunnerView> = {},
  events: Partial<RunnerEvents> = {},
): RunnerView {
  return { phase, events: { refused: [], ...events }, activate: false, deadline: null, ...changes };
}

function step(phase: Phase, changes?: Partial<RunnerView>, events?: Partial<RunnerEvents>) {
  return nextStep(view(phase, changes, events), now);
}

const drain = { reason: 'drain', force: false } as const;
const cleanup = { reason: 'cleanup', force: true } as const;
const ghost = { reason: 'ghost', force: false } as const;
const past = { deadline: now };

describe('what happens in a life without incident', () => {
  test.each([
    ['waits on standby', 'standby', {}, {}, { step: 'wait' }],
    ['registers when it is activated', 'standby', { activate: true }, {}, { step: 'register' }],
    ['waits while it registers', 'registering', { deadline: now + 1 }, {}, { step: 'wait' }],
    [
      'is idle when it listens',
      'registering',
      past,
      { listening: { at: now } },
      { step: 'become', phase: 'idle' },
    ],
    ['is busy when its job starts', 'idle', {}, { 'job-started': job }, { step: 'become', phase: 'busy' }],
    [
      'is busy even before it said that it listens',
      'registering',
      {},
      { 'job-started': job },
      { step: 'become', phase: 'busy' },
    ],
    ['waits while it works', 'busy', { deadline: now + 1 }, { 'job-started': job }, { step: 'wait' }],
    [
      'ends with its job',
      'busy',
      past,
      { 'job-completed': job, exited: exited() },
      { step: 'end', reason: 'job-done' },
    ],
  ] as const)('%s', (_title, phase, changes, events, expected) => {
    expect(step(phase, changes, events)).toEqual(expected);
  });
});

describe('what is wished', () => {
  test.each([
    ['an end on standby is granted', 'standby', drain, { step: 'end', reason: 'drain' }],
    [
      'an end while registering is for GitHub to decide',
      'registering',
      drain,
      { step: 'ask', reason: 'drain' },
    ],
    ['an end of an idle runner is for GitHub to decide', 'idle', drain, { step: 'ask', reason: 'drain' }],
    ['an end under a job is declined', 'busy', drain, { step: 'decline' }],
    ['a ghost under a job is for GitHub to decide', 'busy', ghost, { step: 'ask', reason: 'ghost' }],
    ['an order ends an idle runner', 'idle', cleanup, { step: 'kill', reason: 'cleanup' }],
    ['an order ends a job', 'busy', cleanup, { step: 'kill', reason: 'cleanup' }],
  ] as const)('%s', (_title, phase, end, expected) => {
    expect(step(phase, { end })).toEqual(expected);
  });

  test('a job that starts comes before a wish to end', () => {
    expect(step('idle', { end: drain }, { 'job-started': job })).toEqual({ step: 'become', phase: 'busy' });
  });

  test('an end comes before an activation', () => {
    expect(step('standby', { activate: true, end: drain })).toEqual({ step: 'end', reason: 'drain' });
  });

  test('an activation of a runner that is further on waits', () => {
    expect(step('idle', { activate: true })).toEqual({ step: 'wait' });
  });
});

describe('what goes wrong', () => {
  test.each([
    [
      'a container that is gone',
      'idle',
      { lost: 'gone' },
      {},
      { step: 'end', reason: 'container-lost', detail: 'gone' },
    ],
    [
      'a runner that never listens',
      'registering',
      past,
      {},
      {
        step: 'ask',
        reason: 'startup-timeout',
        detail: 'the runner did not report that it listens for jobs',
      },
    ],
    ['a job that runs too long', 'busy', past, { 'job-started': job }, { step: 'expire' }],
    [
      'a runner that ends before any job',
      'idle',
      {},
      { exited: exited(1, 'exit-code') },
      {
        step: 'end',
        reason: 'runner-exited',
        detail: 'the runner ended without a job (exit code 1, service result exit-code)',
      },
    ],
    [
      'a runner version that GitHub no longer serves',
      'registering',
      {},
      { exited: exited(7, 'exit-code') },
      {
        step: 'end',
        reason: 'runner-deprecated',
        detail:
          'GitHub no longer serves this runner version (exit code 7, service result exit-code): update it',
      },
    ],
    [
      'a runner that ends under its job, be it with exit code 7',
      'busy',
      {},
      { 'job-started': job, exited: exited(7, 'oom-kill') },
      {
        step: 'end',
        reason: 'runner-exited',
        detail: 'the runner ended under its job (exit code 7, service result oom-kill)',
      },
    ],
  ] as const)('%s', (_title, phase, changes, events, expected) => {
    expect(step(phase, changes, events)).toEqual(expected);
  });

  test('its own end comes before an order, a loss and a deadline', () => {
    const all = { lost: 'gone', end: cleanup, deadline: now };
    expect(step('busy', all, { 'job-completed': job, exited: exited() })).toEqual({
      step: 'end',
      reason: 'job-done',
    });
  });
});
