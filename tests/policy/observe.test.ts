import { describe, expect, test } from '@jest/globals';
import { limits } from '../../workflows/policy/limits.js';
import { obey } from '../../workflows/policy/obey.js';
import { needsLookAtGithub, noteRegistrations } from '../../workflows/policy/observe-github.js';
import { needsLookAtHost, noteHost } from '../../workflows/policy/observe-host.js';
import { noteRunner } from '../../workflows/policy/observe-runner.js';
import { plan } from '../../workflows/policy/plan.js';
import type { PoolState } from '../../workflows/policy/pool-state.js';
import {
  aPool,
  busy,
  configOf,
  creating,
  ends,
  idle,
  minutes,
  now,
  registering,
  removing,
  reportOf,
  runnerAt,
  standby,
} from './builders.js';

const job = {
  repository: 'cashubtc/cdk',
  workflow: 'CI',
  job: 'test',
  runId: '1',
  runAttempt: 1,
  url: 'https://github.com/cashubtc/cdk/actions/runs/1/attempts/1',
  startedAt: now,
};

/** The runner at 0 becomes this. */
function becomes(state: PoolState, changes: Parameters<typeof reportOf>[1], at = now): void {
  noteRunner(state, reportOf(runnerAt(state, 0), changes), at);
}

describe('reports of runners', () => {
  test('a late one is dropped', () => {
    const state = aPool({}, standby(1));
    const late = reportOf(runnerAt(state, 0), { phase: 'registering' });
    becomes(state, { phase: 'idle', version: 5 });
    noteRunner(state, late, now);
    expect(runnerAt(state, 0).phase).toBe('idle');
  });

  test('one that leaves its trouble out has none any more', () => {
    const state = aPool({}, standby(1, { trouble: { type: 'GithubUnavailable', message: '502' } }));
    becomes(state, { phase: 'registering', trouble: undefined });
    expect(runnerAt(state, 0).trouble).toBeUndefined();
  });

  test('an unknown runner is counted on', () => {
    const state = aPool({}, standby(1));
    const stranger = reportOf(runnerAt(state, 0), { name: 'b0000-r7', slot: 7, phase: 'idle' });
    noteRunner(state, stranger, now);
    expect(state.runners['b0000-r7']).toMatchObject({ phase: 'idle', adopting: false });
  });

  test('a runner that is gone does not come back', () => {
    const state = aPool({}, removing(1));
    const late = reportOf(runnerAt(state, 0), { containerGone: true });
    becomes(state, { phase: 'removed', version: 9 });
    noteRunner(state, late, now);
    expect([state.runners, state.totals.removed]).toEqual([{}, 1]);
  });

  test.each([
    ['a job', { endReason: 'job-done', job }, { jobs: 1 }],
    ['a job that was cut off', { endReason: 'container-lost', job }, { interrupted: 1 }],
    ['a runner that ended under its job', { endReason: 'runner-exited', job }, { interrupted: 1 }],
    ['a runner that ended before any', { endReason: 'runner-exited' }, { failed: 1 }],
    ['a container that did not start', { endReason: 'container-failed' }, { failed: 1 }],
    ['a runner that was not needed', { endReason: 'scale-down' }, {}],
  ] as const)('%s is counted once, whichever report of its end comes first', (_title, end, counted) => {
    for (const order of [['removing', 'removed'], ['removed']] as const) {
      const state = aPool({}, idle(1));
      for (const [index, phase] of order.entries()) {
        const runner = state.runners['a0000-r0'];
        if (runner) noteRunner(state, reportOf(runner, { phase, version: 2 + index, ...end }), now);
      }
      expect(state.totals).toEqual({ ...aPool({}).totals, removed: 1, ...counted });
    }
  });
});

describe('failures', () => {
  test('a container that fails pauses creation, each time for twice as long', () => {
    const state = aPool({}, creating(1));
    for (const at of [now, now + minutes(1), now + minutes(2)]) {
      Object.assign(runnerAt(state, 0), { phase: 'creating' });
      becomes(state, { phase: 'removing', endReason: 'container-failed', endDetail: 'no space' }, at);
    }
    const end = now + minutes(2);
    expect(state.creation).toEqual({ failures: 3, lastAt: end, notBefore: end + 20_000, reason: 'no space' });
  });

  test('seven that fail together are one cause', () => {
    const state = aPool({}, creating(7));
    for (const runner of Object.values(state.runners)) {
      noteRunner(state, reportOf(runner, { phase: 'removing', endReason: 'container-failed' }), now);
    }
    expect([state.creation.failures, state.creation.notBefore]).toEqual([1, now + limits.firstPauseMs]);
  });

  test('the pause is never longer than five minutes', () => {
    const state = aPool({}, creating(1));
    state.creation = { failures: 40, lastAt: now - 1, notBefore: now };
    becomes(state, { phase: 'removing', endReason: 'container-failed' });
    expect(state.creation.notBefore).toBe(now + limits.longestPauseMs);
  });

  test('failures of long ago are forgotten', () => {
    const state = aPool({}, creating(1));
    state.creation = { failures: 40, lastAt: now - limits.failuresForgottenAfterMs - 1, notBefore: 0 };
    becomes(state, { phase: 'removing', endReason: 'container-failed' });
    expect(state.creation.failures).toBe(1);
  });

  test('after a failure the makings double with each success', () => {
    const state = aPool({}, creating(2));
    state.creationAllowance = 1;
    becomes(state, { phase: 'standby' });
    expect(state.creationAllowance).toBe(2);
  });

  test.each([
    ['a success after the pause forgets them', limits.firstPauseMs, 0],
    ['one from within it does not', limits.firstPauseMs - 1, 1],
  ])('%s', (_title, later, failures) => {
    const state = aPool({}, creating(1));
    state.creation = { failures: 1, lastAt: now, notBefore: now + limits.firstPauseMs };
    becomes(state, { phase: 'standby' }, now + later);
    expect(state.creation.failures).toBe(failures);
  });

  test('a job can not pause the pool by ending its runner', () => {
    const state = aPool({}, busy(1));
    becomes(state, { phase: 'removing', endReason: 'runner-exited', job });
    expect(state.activation).toEqual(aPool({}).activation);
  });

  test.each([
    ['runner-exited', 'exit code 137, service result oom-kill'],
    ['container-lost', 'its container is down'],
    ['cleanup', undefined],
  ] as const)('a job that ends by %s is told with its run (elizaOS#11045)', (endReason, endDetail) => {
    const state = aPool({}, busy(1));
    becomes(state, { phase: 'removing', endReason, endDetail, job });
    expect([state.totals.interrupted, state.interrupted]).toEqual([
      1,
      [
        {
          at: now,
          runnerName: runnerAt(state, 0).runnerName,
          reason: endDetail ? `${endReason}: ${endDetail}` : endReason,
          job: job.job,
          url: job.url,
        },
      ],
    ]);
  });

  test('a job that is done, and a runner that had none, are no interruption', () => {
    const state = aPool({}, busy(1), idle(1));
    becomes(state, { phase: 'removing', endReason: 'job-done', job });
    noteRunner(state, reportOf(runnerAt(state, 1), { phase: 'removing', endReason: 'drain' }), now);
    expect([state.totals.interrupted, state.interrupted]).toEqual([0, []]);
  });

  test('the ten last interruptions are kept', () => {
    const state = aPool({ maxConcurrentJobs: 12 }, busy(12));
    for (const runner of Object.values(state.runners)) {
      noteRunner(state, reportOf(runner, { phase: 'removing', endReason: 'cleanup', job }), now);
    }
    const names = state.interrupted.map(({ runnerName }) => runnerName);
    expect([names.length, names[9]]).toEqual([10, runnerAt(state, 11).runnerName]);
  });

  test('a deprecated runner version pauses activations', () => {
    const state = aPool({}, registering(1));
    becomes(state, { phase: 'removing', endReason: 'runner-deprecated', endDetail: 'update it' });
    expect(state.activation).toMatchObject({
      failures: 1,
      notBefore: now + limits.firstPauseMs,
      reason: 'update it',
    });
  });
});

describe('refused registrations', () => {
  const refuse = (state: PoolState, type: string, retryAfterMs?: number) =>
    becomes(state, {
      phase: 'standby',
      activationsFailed: 1,
      labels: [],
      trouble: { type, message: 'no', retryAfterMs },
    });

  test('pause all others for a minute', () => {
    const state = aPool({}, registering(1));
    refuse(state, 'GithubUnauthorized');
    expect(state.registrationPause).toEqual({
      type: 'GithubUnauthorized',
      reason: 'no',
      since: now,
      retryAt: now + minutes(1),
    });
  });

  test('pause them until the time that GitHub names', () => {
    const state = aPool({}, registering(1));
    refuse(state, 'GithubRateLimited', minutes(20));
    expect(state.registrationPause?.retryAt).toBe(now + minutes(20));
  });

  test('stay in force though the list can be read', () => {
    const state = aPool({}, registering(1));
    refuse(state, 'GithubRateLimited', minutes(20));
    noteRegistrations(state, { at: now + 1, runners: [] });
    expect(state.registrationPause?.retryAt).toBe(now + minutes(20));
  });

  test('end with the first that gets through afterwards, not with one from just before', () => {
    const state = aPool({}, registering(2));
    refuse(state, 'GithubUnauthorized');
    noteRunner(state, reportOf(runnerAt(state, 1), { phase: 'idle' }), now);
    expect(state.registrationPause).not.toBeNull();
    becomes(state, { phase: 'idle' }, now + minutes(1));
    expect(state.registrationPause).toBeNull();
  });

  test('end when a person resumes', () => {
    const state = aPool({}, registering(1));
    refuse(state, 'GithubUnauthorized');
    obey.resume(state);
    expect(state.registrationPause).toBeNull();
  });

  test('of one runner alone pause nobody', () => {
    const state = aPool({}, registering(1));
    refuse(state, 'Timeout');
    expect(state.registrationPause).toBeNull();
  });
});

describe("GitHub's list", () => {
  const shows = (state: PoolState, ...runners: { status?: 'online' | 'offline'; busy?: boolean }[]) =>
    noteRegistrations(state, {
      at: now,
      runners: runners.map((seen, index) => ({
        id: index + 1,
        name: runnerAt(state, index).runnerName,
        status: 'online',
        busy: false,
        ...seen,
      })),
    });

  test('makes a runner busy that has not said so yet', () => {
    const state = aPool({ maxConcurrentJobs: 1 }, idle(1), standby(1));
    shows(state, { busy: true });
    expect(plan(state, now).actions).toEqual([]);
  });

  test('that came before the runner said that it is idle counts once it has', () => {
    const state = aPool({ maxConcurrentJobs: 1 }, registering(1));
    shows(state, {});
    noteRunner(state, reportOf(runnerAt(state, 0), { phase: 'idle' }), now);
    expect(runnerAt(state, 0).githubStatus).toBe('online');
  });

  test('makes an idle runner suspect when it is offline', () => {
    const state = aPool({}, idle(1));
    shows(state, { status: 'offline' });
    expect([runnerAt(state, 0).absentLooks, needsLookAtGithub(state, now)]).toEqual([1, true]);
  });

  test('takes the suspicion back when it is online again', () => {
    const state = aPool({}, idle(1, { absentLooks: 1, absentSince: now - 1 }));
    shows(state, {});
    const { absentLooks, absentSince } = runnerAt(state, 0);
    expect([absentLooks, absentSince]).toEqual([0, undefined]);
  });

  test('counts each time that a busy runner loses its contact (actions/runner#3539)', () => {
    const state = aPool({}, busy(1), idle(1));
    for (const status of ['online', 'offline', 'offline', 'online', 'offline'] as const) {
      shows(state, { status, busy: true }, { status });
    }
    expect(state.totals.lostContact).toBe(2);
  });

  test('says nothing about a busy runner that is offline: it may be back', () => {
    const state = aPool({}, busy(1));
    shows(state, { status: 'offline' });
    expect(runnerAt(state, 0).absentLooks).toBe(0);
  });

  test('gets another look when it never showed a runner that has been idle for 30 s (actions/runner#4617)', () => {
    const state = aPool({}, registering(1));
    noteRegistrations(state, { at: now, runners: [] });
    becomes(state, { phase: 'idle' });
    const due = now + limits.ghostAfterMs;
    expect([
      needsLookAtGithub(state, due - 1),
      plan(state, now).wakeAt,
      needsLookAtGithub(state, due),
    ]).toEqual([false, due, true]);
  });

  test('two more looks make that runner a ghost', () => {
    const state = aPool({}, registering(1), idle(2), standby(1));
    noteRegistrations(state, { at: now, runners: state.registrations?.runners ?? [] });
    becomes(state, { phase: 'idle' });
    const { runners = [] } = state.registrations ?? {};
    const due = now + limits.ghostAfterMs;
    noteRegistrations(state, { at: due, runners });
    noteRegistrations(state, { at: due + 1, runners });
    expect([ends(state, due + 1), needsLookAtGithub(state, due + 1)]).toEqual([['0 ghost'], false]);
  });

  test("counts registrations under this host's names that belong to no runner, unless they work", () => {
    const state = aPool({}, idle(1));
    const stray = { id: 7, name: 'cdk-runner-01-b0000-r1', status: 'offline' as const, busy: false };
    const runners = [
      stray,
      { ...stray, id: 8, name: 'cdk-runner-01-b0001-r2', busy: true },
      { ...stray, id: 9, name: 'other' },
    ];
    noteRegistrations(state, { at: now, runners });
    noteRegistrations(state, { at: now + 5, runners });
    expect(state.strays).toEqual({ 'cdk-runner-01-b0000-r1': { id: 7, looks: 2, since: now } });
  });
});

describe('looks at the host', () => {
  const down = (at: number) => ({
    at,
    orphans: [],
    containers: [{ name: 'a0000-r0', state: 'down' as const }],
  });

  test('a container that is down calls for a second look', () => {
    const state = aPool({}, idle(1));
    noteHost(state, down(now), now);
    expect([runnerAt(state, 0).downLooks, needsLookAtHost(state)]).toEqual([1, true]);
  });

  test('a look from before the last change of a runner says nothing about it', () => {
    const state = aPool({}, idle(1, { phaseSince: now }));
    noteHost(state, down(now - 1), now);
    expect(runnerAt(state, 0).downLooks).toBe(0);
  });

  test('a container that is being made may be down', () => {
    const state = aPool({}, creating(1));
    noteHost(state, down(now), now);
    expect(runnerAt(state, 0).downLooks).toBe(0);
  });

  test('names of long ago are forgotten', () => {
    const state = aPool({});
    state.graves = { old: now - limits.graveKeptMs - 1, new: now };
    noteHost(state, down(now), now);
    expect(state.graves).toEqual({ new: now });
  });
});

describe('a new configuration', () => {
  test('ends a resize of what it changes, and leaves the others', () => {
    const state = aPool({ maxConcurrentJobs: 3 });
    obey.resize(state, { maxConcurrentJobs: 5, warmRunners: 2 });
    obey.configure(state, configOf({ maxConcurrentJobs: 4, warmRunners: 3 }));
    expect(state.resized).toEqual({ warmRunners: 2 });
  });

  test('names those who are outdated by it', () => {
    const state = aPool({}, idle(1), busy(1), idle(1, { system: '/nix/store/next' }));
    const concerned = obey.configure(state, configOf({ containerSystem: '/nix/store/next' }));
    expect(concerned.map(({ slot }) => slot)).toEqual([0, 1]);
  });
});
