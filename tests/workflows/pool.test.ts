import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { drainSignal, resizeSignal } from '../../workflows/messages.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import { Environment } from './environment.js';
import { PoolUnderTest } from './pool-fixture.js';
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
});
afterEach(async () => {
  await pool.end();
  expect(site.left()).toEqual({ containers: [], registrations: [] });
});

describe('a pool fills itself', () => {
  test('with idle runners and a container on standby', async () => {
    pool = await PoolUnderTest.full(environment, site);
    const seesBoth = (status: PoolStatus) =>
      status.runners.filter(({ github }) => github === 'online').length === 2;
    const { counts, runners } = await pool.see(seesBoth, 'two runners on the list');
    expect(counts).toEqual({ creating: 0, standby: 1, available: 2, busy: 0, removing: 0 });
    expect(runners.map(({ slot, github }) => [slot, github])).toEqual(
      runners.map(({ phase }, slot) => [slot, phase === 'idle' ? 'online' : null]),
    );
    expect([site.calls.createContainer, site.calls.registerRunner]).toEqual([3, 2]);
  });

  test('seven at once', async () => {
    site.listens = false;
    pool = await PoolUnderTest.start(environment, site, { maxConcurrentJobs: 7 });
    // None has come up before the last was told to register.
    await environment.see(() => site.calls.registerRunner === 7, 'seven registrations');
    await pool.see(
      ({ runners }) => runners.filter(({ phase }) => phase === 'registering').length === 7,
      'seven registering',
    );
    for (const name of await pool.names('registering')) site.listen(name);
    await pool.isFull();
  });
});

describe('jobs', () => {
  test('the place of a finished job goes to the container on standby', async () => {
    pool = await PoolUnderTest.full(environment, site);
    const successor = await pool.name('standby');
    const name = await pool.begin();
    expect((await pool.status()).counts).toMatchObject({ available: 1, busy: 1, standby: 1 });
    site.finishJob(name);
    await pool.isFull();
    expect(await pool.names('idle')).toContain(successor);
    expect((await pool.status()).totals).toEqual({
      created: 4,
      removed: 1,
      jobs: 1,
      lostContact: 0,
      interrupted: 0,
      failed: 0,
      stuckRecycled: 0,
    });
  });

  test('a job is shown with a link to its run', async () => {
    pool = await PoolUnderTest.full(environment, site);
    const name = await pool.begin();
    const { runners } = await pool.status();
    expect(runners.find((runner) => runner.name === name)?.job).toMatchObject({
      job: 'test',
      url: 'https://github.com/cashubtc/cdk/actions/runs/7/attempts/1',
    });
  });

  test('a job that GitHub knows of before the runner says so counts as busy', async () => {
    pool = await PoolUnderTest.full(environment, site);
    site.startJob(await pool.name('idle'), 'test', true);
    await pool.see(({ counts }) => counts.busy === 1 && counts.available === 1, 'a busy runner');
  });

  test('queued jobs raise the number of idle runners, and it falls a while after they are gone', async () => {
    pool = await PoolUnderTest.full(environment, site, { warmRunners: 0 });
    await pool.queue(2);
    await pool.see(({ counts }) => counts.available === 2, 'two idle runners');
    await pool.queue(0);
    await environment.pass(50_000);
    expect(await pool.names('idle')).toHaveLength(2);
    await pool.until(({ counts }) => counts.available === 0);
    await pool.isFull();
  });

  test('an idle runner that queued jobs do not reach is replaced after two minutes', async () => {
    pool = await PoolUnderTest.full(environment, site);
    const names = await pool.names('idle');
    await pool.queue(1);
    await pool.until(({ totals }) => totals.stuckRecycled === 1, 180_000);
    await pool.queue(0);
    await pool.isFull();
    expect((await pool.names('idle')).filter((name) => names.includes(name))).toHaveLength(1);
  });
});

describe('a pool goes on as new', () => {
  const short = { maxHistoryEvents: 40 };

  test('with all that it knows, in the middle of everything', async () => {
    pool = await PoolUnderTest.full(environment, site, { maxConcurrentJobs: 3 }, { maxHistoryEvents: 150 });
    const first = await pool.runId();
    await pool.begin();
    await pool.handle.signal(resizeSignal, { standbyContainers: 2, warmRunners: 2 });
    await pool.see(({ counts }) => counts.standby === 2, 'two containers on standby');
    await pool.handle.signal(drainSignal, { reason: 'kernel' });
    const before = await pool.see(({ runners }) => runners.length === 1, 'one runner');
    for (let count = 0; (await pool.runId()) === first; count += 1) await pool.queue(count % 2);
    const { demand: _, lastLookAtGithub: _g, lastLookAtHost: _h, ...after } = await pool.status();
    expect(before).toMatchObject(after);
    expect(after).toMatchObject({ drain: { reason: 'kernel' }, resized: true, counts: { busy: 1 } });
  });

  test('and loses no job by it', async () => {
    pool = await PoolUnderTest.full(environment, site, {}, short);
    for (let job = 0; job < 6; job += 1) site.finishJob(await pool.begin());
    await pool.isFull();
    expect(await pool.status()).toMatchObject({ totals: { jobs: 6, failed: 0, interrupted: 0 } });
  });
});
