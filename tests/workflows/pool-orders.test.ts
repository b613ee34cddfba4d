import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import * as messages from '../../workflows/messages.js';
import { Environment } from './environment.js';
import { configOf, PoolUnderTest } from './pool-fixture.js';
import type { Site } from './site.js';

jest.setTimeout(60_000);
let environment: Environment;
let site: Site;
let pool: PoolUnderTest;

beforeAll(async () => {
  environment = await Environment.start();
});
afterAll(() => environment.stop());
beforeEach(async () => {
  site = await environment.createSite();
  pool = await PoolUnderTest.full(environment, site);
});
afterEach(async () => {
  await pool.end();
  expect(site.left()).toEqual({ containers: [], registrations: [] });
});

const allNames = async () => (await pool.status()).runners.map(({ name }) => name);

describe('drain', () => {
  test('lets a job finish, and empties the pool of the others at once', async () => {
    const name = await pool.begin();
    await pool.handle.signal(messages.drainSignal, { reason: 'kernel' });
    await pool.see(({ runners }) => runners.length === 1, 'one runner');
    expect(await pool.status()).toMatchObject({
      drain: { mode: 'finish-jobs', reason: 'kernel' },
      counts: { busy: 1 },
    });
    site.finishJob(name);
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    expect((await pool.status()).totals).toMatchObject({ jobs: 1, interrupted: 0 });
  });

  test('now ends a job too', async () => {
    await pool.begin();
    await pool.handle.signal(messages.drainSignal, { mode: 'now' });
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    expect((await pool.status()).totals).toMatchObject({ jobs: 0, interrupted: 1 });
  });

  test('holds whatever is queued, until it is resumed', async () => {
    await pool.handle.signal(messages.drainSignal);
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    await pool.queue(5);
    await environment.pass(30_000);
    expect((await pool.status()).runners).toEqual([]);
    await pool.queue(0);
    await pool.handle.signal(messages.resumeSignal);
    await pool.isFull();
  });
});

describe('cleanup', () => {
  test('replaces everything, busy or not', async () => {
    await pool.begin();
    const before = await allNames();
    await pool.handle.signal(messages.cleanupSignal, { reason: 'disk' });
    await pool.see(({ runners }) => runners.every(({ name }) => !before.includes(name)), 'new runners');
    await pool.isFull();
    expect((await pool.status()).totals).toMatchObject({ interrupted: 1, created: 6, removed: 3 });
  });
});

describe('a new system', () => {
  test('reaches idle and waiting containers one by one, and no job', async () => {
    const busy = await pool.begin();
    const before = (await allNames()).filter((name) => name !== busy);
    const config = configOf(site, { containerSystem: '/nix/store/next' });
    await pool.handle.signal(messages.configureSignal, config);
    await pool.see(({ runners }) => runners.every(({ name }) => !before.includes(name)), 'new runners');
    const { runners } = await pool.see(
      ({ counts }) => counts.available === 1 && counts.standby === 1,
      'a full pool',
    );
    expect(runners.filter(({ outdated }) => outdated).map(({ name }) => name)).toEqual([busy]);
    site.finishJob(busy);
    await pool.isFull();
  });

  test('is not waited for with recycle', async () => {
    await pool.handle.signal(messages.drainSignal);
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    await pool.handle.signal(messages.resumeSignal);
    await pool.isFull();
    await pool.handle.signal(
      messages.configureSignal,
      configOf(site, { containerSystem: '/nix/store/next' }),
    );
    await pool.handle.signal(messages.recycleSignal);
    await pool.see(({ runners }) => runners.every(({ outdated }) => !outdated), 'new runners');
    await pool.isFull();
  });
});

describe('resize', () => {
  test('makes a pool larger, and smaller', async () => {
    await pool.handle.executeUpdate(messages.resizeUpdate, {
      args: [{ maxConcurrentJobs: 3, warmRunners: 3 }],
    });
    await pool.isFull();
    expect(await pool.names('idle')).toHaveLength(3);
    await pool.handle.executeUpdate(messages.resizeUpdate, { args: [{ maxConcurrentJobs: 1 }] });
    await pool.see(({ counts }) => counts.available === 1, 'one idle runner');
    expect(await pool.status()).toMatchObject({
      resized: true,
      config: { maxConcurrentJobs: 1, warmRunners: 1 },
    });
  });

  test('ends no job, and starts none in its place', async () => {
    const names = [await pool.begin(), await pool.begin()];
    await pool.handle.signal(messages.resizeSignal, { maxConcurrentJobs: 1 });
    site.finishJob(names[0] ?? '');
    await pool.see(({ totals }) => totals.removed === 1, 'one removed');
    expect((await pool.status()).counts).toMatchObject({ busy: 1, available: 0 });
  });
});

describe('an order as a signal', () => {
  test.each([
    ['no payload', []],
    ['an empty one', [{}]],
    ['null', [null]],
  ])('is taken with %s', async (_title, args) => {
    await pool.handle.signal('drain', ...args);
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    for (const order of ['recycle', 'cleanup', 'resume']) await pool.handle.signal(order, ...args);
    await pool.isFull();
    expect((await pool.status()).rejected).toEqual([]);
  });

  test('is rejected for a payload that makes no sense, and the status says why', async () => {
    const wrong = [
      ['drain', { mode: 'soon' }, 'drain: mode: Invalid option: expected one of "finish-jobs"|"now"'],
      ['drain', 'now', 'drain: Invalid input: expected object, received string'],
      ['resume', { force: true }, 'resume: Unrecognized key: "force"'],
      ['resize', {}, 'resize: name at least one of maxConcurrentJobs, warmRunners, standbyContainers'],
      [
        'resize',
        { maxConcurrentJobs: -1 },
        'resize: maxConcurrentJobs: Too small: expected number to be >=0',
      ],
      [
        'resize',
        { warmRunners: '2' },
        'resize: warmRunners: Invalid input: expected number, received string',
      ],
      [
        'cleanup',
        { reason: 'x'.repeat(501) },
        'cleanup: reason: Too big: expected string to have <=500 characters',
      ],
    ] as const;
    for (const [order, payload] of wrong) await pool.handle.signal(order, payload);
    const { rejected, drain, resized, counts } = await pool.status();
    expect({ rejected, drain, resized }).toEqual({
      rejected: wrong.map(([order, , reason]) => ({ at: expect.any(Number), order, reason })),
      drain: null,
      resized: false,
    });
    expect(counts).toMatchObject({ available: 2, standby: 1 });
  });

  test('a configuration of another host is rejected', async () => {
    await pool.handle.signal(messages.configureSignal, { ...configOf(site), host: 'elsewhere' });
    expect((await pool.status()).rejected).toMatchObject([
      { order: 'configure', reason: `configure: this is the pool of ${site.host}, not of elsewhere` },
    ]);
  });

  test('the ten last rejections are kept', async () => {
    for (let count = 0; count < 12; count += 1) await pool.handle.signal('resume', { count });
    expect((await pool.status()).rejected).toHaveLength(10);
  });
});

describe('an order as an update', () => {
  test('answers with the runners that it concerns', async () => {
    const busy = await pool.begin();
    const others = (await allNames()).filter((name) => name !== busy);
    const { accepted, runners } = await pool.handle.executeUpdate(messages.drainUpdate, {
      args: [{ reason: 'kernel' }],
    });
    expect([accepted, runners.sort()]).toEqual(['drain', others.sort()]);
    site.finishJob(busy);
  });

  test('is taken without a payload', async () => {
    expect(await pool.handle.executeUpdate(messages.resumeUpdate, { args: [undefined] })).toEqual({
      accepted: 'resume',
      runners: [],
    });
  });

  test('is refused with what is wrong with it', async () => {
    const update = pool.handle.executeUpdate('resize', { args: [{ maxConcurrentJobs: 'nine' }] });
    const error = await update.then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((error as WorkflowUpdateFailedError).cause).toMatchObject({
      type: 'ConfigInvalid',
      message: 'resize: maxConcurrentJobs: Invalid input: expected number, received string',
    });
    expect((await pool.status()).rejected).toEqual([]);
  });
});

test('the plan says what would be done, and why', async () => {
  await pool.begin();
  expect(await pool.handle.query(messages.planQuery)).toMatchObject({ actions: [], held: [] });
});
