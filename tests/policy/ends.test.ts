import { describe, expect, test } from '@jest/globals';
import { limits } from '../../workflows/policy/limits.js';
import { obey } from '../../workflows/policy/obey.js';
import { plan } from '../../workflows/policy/plan.js';
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
  runnerAt,
  settle,
  standby,
} from './builders.js';

const full = () => aPool({ maxConcurrentJobs: 3 }, idle(2), busy(1), standby(1));

describe('orders', () => {
  test('a drain ends all but the busy', () => {
    const state = full();
    obey.drain(state, { mode: 'finish-jobs' }, now);
    expect(ends(state)).toEqual(['3 drain', '0 drain', '1 drain']);
  });

  test('a drain now ends the busy too', () => {
    const state = full();
    obey.drain(state, { mode: 'now' }, now);
    expect(ends(state)).toEqual(['3 drain!', '0 drain!', '1 drain!', '2 drain!']);
  });

  test('a drain now reaches those that have been asked kindly before', () => {
    const state = full();
    obey.drain(state, { mode: 'finish-jobs' }, now);
    settle(state);
    obey.drain(state, { mode: 'now' }, now);
    expect(ends(state)).toEqual(['2 drain!', '0 drain!', '1 drain!']);
  });

  test('a cleanup ends everything and refills', () => {
    const state = full();
    obey.cleanup(state, {});
    const done = settle(state).map((action) => action.do);
    expect(done.filter((what) => what === 'end').length).toBe(4);
    expect(done.filter((what) => what === 'create').length).toBe(4);
  });

  test('a recycle ends what is outdated and not busy', () => {
    const state = aPool(
      { maxConcurrentJobs: 3 },
      idle(1, { system: 'old' }),
      idle(1),
      busy(1, { system: 'old' }),
      standby(1),
    );
    obey.recycle(state);
    expect(ends(state)).toEqual(['0 recycle']);
  });

  test('a runner that declined is not asked again for a minute', () => {
    const state = aPool({}, idle(1, { endsSent: 1, endsRefused: 1, endRefusedAt: now }));
    obey.drain(state, { mode: 'finish-jobs' }, now);
    const { wakeAt } = plan(state, now);
    expect([ends(state), wakeAt, ends(state, wakeAt ?? 0)]).toEqual([[], now + minutes(1), ['0 drain']]);
  });

  test('an order does not wait for that', () => {
    const state = aPool({}, idle(1, { endsSent: 1, endsRefused: 1, endRefusedAt: now }));
    obey.cleanup(state, {});
    expect(ends(state)).toEqual(['0 cleanup!']);
  });
});

describe('runners that are no good any more', () => {
  const ghost = { absentLooks: 2, absentSince: now - limits.ghostAfterMs };

  test('an idle one that GitHub does not show is a ghost after two looks', () => {
    expect(ends(aPool({}, idle(2), idle(1, ghost), standby(1)))).toEqual(['2 ghost']);
  });

  test('one look makes no ghost', () => {
    expect(ends(aPool({}, idle(3, { ...ghost, absentLooks: 1 }), standby(1)))).toEqual([]);
  });

  test('a list that lags for 29 s makes no ghost', () => {
    expect(ends(aPool({}, idle(3, { ...ghost, absentSince: now - 29_999 }), standby(1)))).toEqual([]);
  });

  test('a busy one is asked for after 15 minutes, and never by force', () => {
    const state = aPool(
      {},
      busy(1, { ...ghost, absentSince: now - minutes(15) }),
      busy(2, ghost),
      standby(1),
    );
    expect(ends(state)).toEqual(['0 ghost']);
  });

  test('one that registers is no ghost', () => {
    expect(ends(aPool({}, registering(3, ghost), standby(1)))).toEqual([]);
  });

  test('nothing is a ghost while GitHub does not answer', () => {
    const state = aPool({}, idle(3, ghost), standby(1));
    state.github = { ok: false, type: 'GithubUnavailable', reason: '502', since: now };
    expect(ends(state)).toEqual([]);
  });

  test('a container that is down at two looks is lost, job or not', () => {
    expect(ends(aPool({}, idle(2), busy(1, { downLooks: 2 }), standby(1)))).toEqual(['2 container-lost!']);
  });

  test('a container that is down at one look is not', () => {
    expect(ends(aPool({}, idle(2), busy(1, { downLooks: 1 }), standby(1)))).toEqual([]);
  });

  test('idle registrations of a host that is silent for a minute go, and no job', () => {
    const state = full();
    state.host = { ok: false, type: 'Timeout', reason: 'silent', since: now - minutes(1) };
    expect(ends(state)).toEqual(['0 host-silent', '1 host-silent']);
  });
});

describe('a new system', () => {
  const old = { system: 'old' };

  test('replaces containers on standby at once', () => {
    expect(ends(aPool({}, idle(3), standby(1, old)))).toEqual(['3 outdated']);
  });

  test('replaces idle runners one at a time, the oldest first', () => {
    expect(ends(aPool({}, idle(3, old), standby(1)))).toEqual(['0 outdated']);
  });

  test('waits for the one before', () => {
    expect(ends(aPool({}, idle(1, { ...old, endsSent: 1 }), idle(2, old), standby(1)))).toEqual([]);
  });

  test('waits until a fresh one can take over', () => {
    expect(ends(aPool({}, idle(3, old), creating(1)))).toEqual([]);
  });

  test('goes on without containers on standby', () => {
    expect(ends(aPool({ standbyContainers: 0 }, idle(3, old)))).toEqual(['0 outdated']);
  });

  test('never touches the busy', () => {
    expect(ends(aPool({}, busy(3, old), standby(1)))).toEqual([]);
  });

  test('is also a new set of labels', () => {
    const state = aPool({}, idle(3), standby(1));
    obey.configure(state, configOf({ labels: ['self-hosted', 'gpu'] }));
    expect(ends(state)).toEqual(['0 outdated']);
  });

  test('waits while GitHub does not answer', () => {
    const state = aPool({}, idle(3, old), standby(1));
    state.github = { ok: false, type: 'GithubUnavailable', reason: '502', since: now };
    expect(ends(state)).toEqual([]);
  });
});

describe('more than is wanted', () => {
  const fresh = { phaseSince: now - limits.surplusAfterMs + 1 };

  test('goes at once where it exceeds the pool', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, idle(3, fresh), standby(1));
    obey.resize(state, { maxConcurrentJobs: 1 });
    expect(ends(state)).toEqual(['0 scale-down', '1 scale-down']);
  });

  test('goes after a minute where it is only warm', () => {
    const warm = { maxConcurrentJobs: 3, warmRunners: 1 };
    expect(ends(aPool(warm, idle(3, fresh), standby(1)))).toEqual([]);
    expect(ends(aPool(warm, idle(3), standby(1)))).toEqual(['0 scale-down', '1 scale-down']);
  });

  test('goes after a minute where it stands by', () => {
    expect(ends(aPool({}, idle(3), standby(3)))).toEqual(['3 scale-down', '4 scale-down']);
  });

  test('never counts against a busy pool that is too large', () => {
    const state = aPool({ maxConcurrentJobs: 3 }, busy(3), standby(1));
    obey.resize(state, { maxConcurrentJobs: 1 });
    expect(ends(state)).toEqual([]);
  });
});

describe('jobs that wait although a runner is idle', () => {
  const waiting = { queued: 1, oldestQueuedAt: now - limits.stuckAfterMs, at: now };

  test('one idle runner is replaced', () => {
    const state = { ...aPool({}, idle(3), standby(1)), demand: waiting };
    expect(ends(state)).toEqual(['0 stuck']);
  });

  test('the next one two minutes later', () => {
    const state = { ...aPool({}, idle(3), standby(1)), demand: waiting };
    settle(state);
    expect([ends(state), ends(state, now + limits.stuckAfterMs)]).toEqual([[], ['1 stuck']]);
    expect(state.totals.stuckRecycled).toBe(1);
  });

  test('none while the queue can not be seen: they may have been served long ago', () => {
    const state = { ...aPool({}, idle(3), standby(1)), demand: { ...waiting, unseen: true } };
    expect([ends(state), plan(state, now).wakeAt]).toEqual([[], null]);
  });

  test('a runner that has just become idle is given time', () => {
    const state = { ...aPool({}, idle(3, { phaseSince: now - 1 }), standby(1)), demand: waiting };
    expect(ends(state)).toEqual([]);
  });
});

test('a busy runner is spared by every rule but an order', () => {
  const state = aPool({ maxConcurrentJobs: 3 }, busy(3, { system: 'old', labels: ['old'] }), standby(1));
  obey.resize(state, { maxConcurrentJobs: 0 });
  obey.drain(state, { mode: 'finish-jobs' }, now);
  obey.recycle(state);
  state.demand = { queued: 9, oldestQueuedAt: 0, at: now };
  state.host = { ok: false, type: 'Timeout', reason: 'silent', since: 0 };
  expect(ends(state)).toEqual(['3 drain']);
  expect(runnerAt(state, 0).mustEnd).toBeUndefined();
});
