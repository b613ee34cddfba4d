import { describe, expect, test } from '@jest/globals';
import { noteRunner } from '../../workflows/policy/observe-runner.js';
import { plan } from '../../workflows/policy/plan.js';
import { poolStatus } from '../../workflows/policy/status.js';
import {
  aPool,
  busy,
  count,
  creating,
  idle,
  minutes,
  now,
  registering,
  removing,
  reportOf,
  runnerAt,
  settle,
  standby,
} from './builders.js';

describe('containers', () => {
  test('a pool of three and one on standby is made at once', () => {
    expect(count(aPool({ maxConcurrentJobs: 3 }), 'create')).toBe(4);
  });

  test('two are made when the pool is two short', () => {
    expect(count(aPool({ maxConcurrentJobs: 3 }, idle(1), creating(1)), 'create')).toBe(2);
  });

  test('none is made when all are there', () => {
    expect(plan(aPool({ maxConcurrentJobs: 3 }, idle(2), busy(1), standby(1)), now).actions).toEqual([]);
  });

  test('a container that is being removed holds no place', () => {
    expect(count(aPool({ maxConcurrentJobs: 3 }, idle(3), standby(1), removing(2)), 'create')).toBe(0);
    expect(count(aPool({ maxConcurrentJobs: 3 }, idle(2), removing(2)), 'create')).toBe(2);
  });

  test('queued jobs have successors made for the runners that work', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, busy(3), standby(1));
    state.demand = { queued: 28, at: 1 };
    expect(count(state, 'create')).toBe(2);
  });

  test('those for standby wait for the hand-overs of this moment, those that are short do not', () => {
    const state = aPool({ maxConcurrentJobs: 3, standbyContainers: 1 }, busy(1), idle(1), standby(1));
    expect(settle(state).map((action) => action.do)).toEqual(['activate']);
    expect(plan(state, now).wakeAt).toBe(now + 1000);
    expect(count(state, 'create', now + 1000)).toBe(1);
    const short = aPool({ maxConcurrentJobs: 3, standbyContainers: 1 }, idle(1), standby(1));
    expect(settle(short).map((action) => action.do)).toEqual(['activate', 'create']);
  });

  test('those for standby are not put off by one hand-over after the other', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, busy(2), standby(1));
    state.handOverUntil = now - 1;
    expect(settle(state).map((action) => action.do)).toEqual(['activate', 'create']);
  });

  test('after a failure one is made at a time', () => {
    const state = aPool({ maxConcurrentJobs: 3 });
    state.creationAllowance = 1;
    expect(count(state, 'create')).toBe(1);
  });

  test('each gets a slot and a name of its own', () => {
    const made = settle(aPool({ maxConcurrentJobs: 3 }, idle(1))).map((action) =>
      'slot' in action ? action.slot : null,
    );
    expect(made).toEqual([1, 2, 3]);
  });

  test.each([
    [
      'the host does not answer',
      (state: ReturnType<typeof aPool>) =>
        void (state.host = { ok: false, type: 'Timeout', reason: 'silent', since: now }),
    ],
    ['the host has not been looked at', (state: ReturnType<typeof aPool>) => void (state.hostReport = null)],
    [
      'the disk is full',
      (state: ReturnType<typeof aPool>) =>
        void (state.hostReport = { at: 1, containers: [], orphans: [], full: 'disk' }),
    ],
    [
      'containers fail to start',
      (state: ReturnType<typeof aPool>) =>
        void (state.creation = { failures: 1, lastAt: now, notBefore: now + 1 }),
    ],
  ])('none is made, and the plan says so, while %s', (_title, spoil) => {
    const state = aPool({ maxConcurrentJobs: 3 });
    spoil(state);
    expect([count(state, 'create'), plan(state, now).held.length]).toEqual([0, 1]);
  });

  test('none is made while more are being removed than the pool has', () => {
    expect(count(aPool({ maxConcurrentJobs: 2 }, removing(4)), 'create')).toBe(0);
    expect(count(aPool({ maxConcurrentJobs: 2 }, removing(3)), 'create')).toBe(3);
  });
});

describe('activations', () => {
  test('one on standby takes the place of a job that has ended', () => {
    expect(count(aPool({ maxConcurrentJobs: 3 }, busy(2), standby(1)), 'activate')).toBe(1);
  });

  test('the one that has stood longest goes first', () => {
    const state = aPool(
      { maxConcurrentJobs: 1 },
      standby(1, { phaseSince: now - 1 }),
      standby(1, { phaseSince: now - 2 }),
    );
    expect(plan(state, now).actions).toEqual([
      { do: 'activate', name: runnerAt(state, 1).name, reason: '1 more runner(s) should be idle' },
    ]);
  });

  test('one that is ordered is not ordered again', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, standby(4));
    expect(settle(state).length).toBe(3);
    expect(count(state, 'activate')).toBe(0);
  });

  test('one that came to nothing is ordered again', () => {
    const state = aPool({ maxConcurrentJobs: 1 }, standby(2, { activationsSent: 1, activationsFailed: 1 }));
    expect(count(state, 'activate')).toBe(1);
  });

  test('a failure that this pool never ordered does not make it order twice', () => {
    const state = aPool({ maxConcurrentJobs: 1 }, standby(2, { activationsSent: 0, activationsFailed: 3 }));
    expect(settle(state).length).toBe(1);
  });

  test('what is told to end stays in the count until GitHub lets it go', () => {
    const leaving = idle(1, { endsSent: 1 });
    expect(count(aPool({ maxConcurrentJobs: 3 }, busy(2), leaving, standby(1)), 'activate')).toBe(0);
  });

  test('a job that GitHub sees and we do not is counted', () => {
    expect(
      count(aPool({ maxConcurrentJobs: 2 }, idle(2, { githubBusy: true }), standby(1)), 'activate'),
    ).toBe(0);
  });

  test.each([
    [
      'GitHub does not answer',
      { github: { ok: false as const, type: 'GithubUnavailable', reason: '502', since: now } },
    ],
    ['GitHub has not been looked at', { registrations: null }],
    [
      'GitHub refuses registrations',
      { registrationPause: { type: 'GithubRateLimited', reason: '403', since: 1, retryAt: now + 1 } },
    ],
    ['runners end before any job', { activation: { failures: 1, lastAt: now, notBefore: now + 1 } }],
    [
      'the host does not answer',
      { host: { ok: false as const, type: 'Timeout', reason: 'silent', since: now } },
    ],
  ])('none is sent, and the plan says so, while %s', (_title, trouble) => {
    const state = { ...aPool({ maxConcurrentJobs: 2, standbyContainers: 0 }, standby(2)), ...trouble };
    expect([count(state, 'activate'), plan(state, now).held.length]).toEqual([0, 1]);
  });

  test('after a refusal a single runner tries again', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, standby(4));
    state.registrationPause = { type: 'GithubUnauthorized', reason: '401', since: 1, retryAt: now };
    expect(settle(state).length).toBe(1);
  });

  test('one that hangs in its try keeps the next back for a minute only', () => {
    const hangs = registering(1, { phaseSince: now });
    const state = aPool({ maxConcurrentJobs: 3 }, hangs, standby(3));
    state.activation = { failures: 1, lastAt: now, notBefore: now };
    expect(count(state, 'activate')).toBe(0);
    expect(plan(state, now).wakeAt).toBe(now + minutes(1));
    expect(count(state, 'activate', now + minutes(1))).toBe(1);
  });

  test('after a runner that ended before any job they are tried one by one (actions/runner#4613)', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, standby(4));
    state.activation = { failures: 1, lastAt: now - minutes(1), notBefore: now };
    const tried = [count(state, 'activate'), settle(state).length, count(state, 'activate')];
    const [first] = Object.values(state.runners).filter((runner) => runner.activationsSent > 0);
    if (!first) throw new Error('none was tried');
    noteRunner(state, reportOf(first, { phase: 'registering' }), now);
    const registering = count(state, 'activate');
    noteRunner(state, reportOf(runnerAt(state, first.slot), { phase: 'idle' }), now);
    expect([...tried, registering, count(state, 'activate')]).toEqual([1, 1, 0, 0, 1]);
  });

  test('after a quarter of an hour without another such end all are activated at once again', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, standby(4));
    state.activation = { failures: 1, lastAt: now - minutes(15), notBefore: 0 };
    expect(count(state, 'activate')).toBe(3);
  });
});

describe('the queue', () => {
  const asks = (state: ReturnType<typeof aPool>, at = now) => count(state, 'ask-for-queue', at);

  test('is looked at when a job begins, but no more often than at each poll', () => {
    const state = aPool({ maxConcurrentJobs: 2 }, busy(1, { phaseSince: now }), idle(1), standby(1));
    state.queueAskedAt = now - state.config.pollIntervalMs;
    expect(asks(state)).toBe(1);
    settle(state);
    expect(asks(state, now + 5_000)).toBe(0);
    expect(asks(state, now + state.config.pollIntervalMs)).toBe(0);
    state.queueAskedAt = now - 1;
    expect(asks(state)).toBe(0);
  });

  test('is of no interest while draining', () => {
    const state = aPool({ maxConcurrentJobs: 1 }, busy(1, { phaseSince: now }));
    state.queueAskedAt = 0;
    state.drain = { mode: 'finish-jobs', since: now };
    expect(asks(state)).toBe(0);
  });
});

describe('what nobody looks after', () => {
  test('an unknown container is taken over, and looked at before others are made', () => {
    const state = aPool({ maxConcurrentJobs: 3 });
    state.hostReport = { at: now, orphans: [], containers: [{ name: 'b0000-r0', state: 'up' }] };
    expect(settle(state)).toEqual([
      { do: 'adopt', name: 'b0000-r0', slot: 0, reason: 'a container of this pool that nothing looks after' },
      ...Array.from({ length: 3 }, () => expect.objectContaining({ do: 'create' })),
    ]);
  });

  test('a foreign container is left alone', () => {
    const state = aPool({ maxConcurrentJobs: 0, standbyContainers: 0 });
    state.hostReport = { at: now, orphans: [], containers: [{ name: 'mail', state: 'up' }] };
    expect(settle(state)).toEqual([]);
  });

  test('a look from before its removal brings no container back', () => {
    const state = aPool({ maxConcurrentJobs: 0, standbyContainers: 0 });
    state.hostReport = { at: now - 1, orphans: [], containers: [{ name: 'b0000-r0', state: 'up' }] };
    state.graves['b0000-r0'] = now;
    expect(settle(state)).toEqual([]);
  });

  test('a runner whose workflow has ended is taken over with what is known of it', () => {
    const state = aPool({ maxConcurrentJobs: 1, standbyContainers: 0 }, idle(1));
    const before = runnerAt(state, 0);
    state.hostReport = { at: now - 1, containers: [], orphans: [before.name] };
    expect(settle(state)).toMatchObject([{ do: 'adopt', name: before.name }]);
    expect(runnerAt(state, 0)).toMatchObject({
      adopting: true,
      system: before.system,
      createdAt: before.createdAt,
    });
  });

  test('a runner that an order did not reach is taken over before anything else is done', () => {
    const state = aPool({ maxConcurrentJobs: 2 }, standby(2), idle(1, { orphaned: true }));
    const { actions } = plan(state, now);
    const { name } = runnerAt(state, 2);
    expect(actions).toEqual([
      { do: 'adopt', name, slot: 2, reason: 'its runner workflow has ended before it' },
    ]);
  });

  test.each([
    ['is removed after two looks and a minute', { looks: 2, since: now - minutes(1) }, 1],
    ['stays after one look', { looks: 1, since: now - minutes(1) }, 0],
    ['stays for a minute', { looks: 2, since: now - minutes(1) + 1 }, 0],
  ])('a registration without a runner %s', (_title, stray, removals) => {
    const state = aPool({});
    state.strays = { 'cdk-runner-01-b0000-r0': { id: 9, ...stray } };
    expect(count(state, 'deregister')).toBe(removals);
  });

  test('a registration that could not be removed is tried again a minute later', () => {
    const state = aPool({ maxConcurrentJobs: 0, standbyContainers: 0 });
    state.strays = { 'cdk-runner-01-b0000-r0': { id: 9, looks: 2, since: now - minutes(1) } };
    settle(state);
    expect(plan(state, now).wakeAt).toBe(now + minutes(1));
  });
});

describe('when it wakes', () => {
  test('a pool that is as it should be waits for an event', () => {
    expect(plan(aPool({}, idle(3), standby(1)), now).wakeAt).toBeNull();
  });

  test('a pause is the next deadline', () => {
    const state = aPool({});
    state.creation = { failures: 1, lastAt: now, notBefore: now + 5_000 };
    expect(plan(state, now).wakeAt).toBe(now + 5_000);
  });
});

describe('status', () => {
  test('counts runners by what they are good for', () => {
    const state = aPool({}, creating(1), standby(2), registering(1), idle(1), busy(1), removing(1));
    expect(poolStatus(state, now).counts).toEqual({
      creating: 1,
      standby: 2,
      available: 2,
      busy: 1,
      removing: 1,
    });
  });

  test('says that GitHub refuses registrations though its list is good', () => {
    const state = aPool({}, idle(3), standby(1));
    const pause = { type: 'GithubUnauthorized', reason: 'token refused', since: 1, retryAt: now + 1 };
    state.registrationPause = pause;
    expect(poolStatus(state, now).github).toEqual({ ok: false, ...pause });
  });
});
