import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { failure } from '../../workflows/failures.js';
import { drainSignal, resumeSignal, timelineQuery } from '../../workflows/messages.js';
import type { RunnerTimeline } from '../../workflows/model.js';
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

const start = (...args: [] | [Parameters<typeof PoolUnderTest.start>[2]]) =>
  PoolUnderTest.start(environment, site, ...args);
const full = (...args: [] | [Parameters<typeof PoolUnderTest.start>[2]]) =>
  PoolUnderTest.full(environment, site, ...args);
const isFull = ({ counts }: { counts: { available: number; standby: number } }) =>
  counts.available === 2 && counts.standby === 1;

describe('GitHub', () => {
  test('refuses the token: the pool pauses, says why, and goes on when it is mended', async () => {
    site.fail('watchRunners', () => failure('GithubUnauthorized', 'the token is not accepted'));
    pool = await start();
    const { held } = await pool.see(({ counts, github }) => counts.standby === 3 && !github.ok, 'a pause');
    expect(held).toEqual(['2 activation(s): GitHub has not been looked at yet']);
    expect((await pool.status()).github).toMatchObject({
      type: 'GithubUnauthorized',
      reason: 'the token is not accepted',
    });
    site.mend();
    await pool.until(isFull);
    expect((await pool.status()).github).toEqual({ ok: true });
  });

  test('refuses the token later: nothing is destroyed, and a finished job gets no successor', async () => {
    pool = await full();
    site.fail('watchRunners', () => failure('GithubUnauthorized', 'the token is not accepted'));
    site.fail('registerRunner', () => failure('GithubUnauthorized', 'the token is not accepted'));
    site.changed();
    await pool.see(({ github }) => !github.ok, 'a pause');
    site.finishJob(await pool.begin());
    const { held } = await pool.see(({ totals }) => totals.jobs === 1, 'a finished job');
    expect(held).toEqual(['1 activation(s): GitHub: the token is not accepted']);
    await environment.pass(120_000);
    expect((await pool.status()).counts).toMatchObject({ available: 1, standby: 2 });
    site.mend();
    await pool.until(isFull, 120_000);
  });

  test('refuses registrations though its list is good: one runner tries each minute', async () => {
    site.fail('registerRunner', () => failure('GithubUnauthorized', 'may not administrate'));
    pool = await start();
    await pool.see(({ github }) => !github.ok, 'a pause');
    await environment.pass(15_000);
    expect(site.calls.registerRunner).toBe(2);
    await environment.pass(60_000);
    expect(site.calls.registerRunner).toBe(3);
    expect(await pool.status()).toMatchObject({
      github: { type: 'GithubUnauthorized', reason: 'may not administrate' },
      held: ['2 activation(s): GitHub refuses registrations: may not administrate'],
    });
    site.mend();
    await pool.until(isFull, 120_000);
    expect((await pool.status()).github).toEqual({ ok: true });
  });

  test('limits registrations until a time of its own: nobody tries before', async () => {
    site.fail('registerRunner', () => failure('GithubRateLimited', 'slow down', 180_000), 2);
    pool = await start();
    await pool.see(({ github }) => !github.ok, 'a pause');
    await environment.pass(170_000);
    expect(site.calls.registerRunner).toBe(2);
    await pool.until(isFull, 60_000);
  });

  test('loses a registration: two looks and 30 s later the runner is replaced (actions/runner#4617)', async () => {
    pool = await full();
    await pool.see(({ runners }) => runners.filter(({ github }) => github).length === 2, 'a list');
    const ghost = await pool.name('idle');
    site.forget(ghost);
    await environment.pass(25_000);
    expect(await pool.names('idle')).toContain(ghost);
    await pool.until(({ runners }) => runners.every(({ name }) => name !== ghost), 30_000);
    await pool.until(isFull);
    const record = (await pool.runner(ghost).result()) as RunnerTimeline;
    expect(record).toMatchObject({ endReason: 'ghost', outcome: 'unused' });
  });

  test('never lists a registration that it has lost: the runner is replaced just so', async () => {
    pool = await full();
    const ghost = await pool.name('standby');
    site.hidden.add(site.runnerNameOf(ghost));
    site.finishJob(await pool.begin());
    await pool.isFull();
    expect(await pool.names('idle')).toContain(ghost);
    site.forget(ghost);
    await pool.until(({ runners }) => runners.every(({ name }) => name !== ghost), 60_000);
    await pool.until(isFull);
  });

  test('has a registration of this host without a container: it is removed after a minute, others are not', async () => {
    pool = await full();
    const [stray, foreign] = [site.runnerNameOf('fffff-r9'), 'another-host-fffff-r9'];
    site.enlist(stray);
    site.enlist(foreign);
    site.changed();
    await environment.pass(50_000);
    expect(site.left().registrations).toContain(stray);
    await environment.until(() => !site.left().registrations.includes(stray), 60_000);
    expect(site.left().registrations).toContain(foreign);
    site.registrations.delete(foreign);
  });
});

describe('the host', () => {
  test('has no worker: the pool says so, and fills itself when there is one', async () => {
    site = await environment.createSite({ hasWorker: false });
    pool = await start();
    const { hostHealth } = await pool.until((status) => !status.hostHealth.ok, 90_000);
    expect(hostHealth).toMatchObject({
      type: 'Timeout',
      reason: expect.stringContaining('is runner-controller running'),
    });
    await environment.startHost(site);
    await pool.until(isFull);
    expect((await pool.status()).hostHealth).toEqual({ ok: true });
  });

  test('is silent for a minute: its idle registrations are taken away, and no job', async () => {
    pool = await full();
    const job = await pool.begin();
    site.fail('watchHost', () => failure('HostUnavailable', 'it can not be inspected'));
    site.changed();
    const { hostHealth } = await pool.until((status) => !status.hostHealth.ok, 30_000);
    expect(hostHealth).toMatchObject({ type: 'HostUnavailable', reason: 'it can not be inspected' });
    await environment.pass(50_000);
    expect(site.registrations.size).toBe(2);
    await environment.until(() => site.registrations.size === 1, 30_000);
    expect([...site.registrations.keys()]).toEqual([site.runnerNameOf(job)]);
    site.mend();
    await pool.until(({ counts }) => counts.available === 1 && counts.busy === 1 && counts.standby === 1);
    site.finishJob(job);
  });

  test('is full: nothing is made, and the status says why', async () => {
    site.full = 'only 1 GiB is free';
    pool = await start();
    const { full: why, held } = await pool.see((status) => status.full !== null, 'a full host');
    expect([why, held, site.calls.createContainer]).toEqual([
      'only 1 GiB is free',
      ['3 container(s): only 1 GiB is free'],
      undefined,
    ]);
    site.full = undefined;
    await pool.isFull();
  });

  test('fails to make containers: one is tried at a time, after growing pauses', async () => {
    site.fail('createContainer', () => failure('SystemMissing', 'not built'));
    pool = await start();
    await pool.see(({ totals }) => totals.failed === 3, 'three failures');
    const { held } = await pool.status();
    expect(held).toEqual([
      expect.stringMatching(/^3 container\(s\): containers fail to start, 1 time\(s\).*not built$/),
    ]);
    await environment.pass(40_000);
    // After 5, 10 and 20 s.
    expect((await pool.status()).totals.failed).toBe(6);
    site.mend();
    await pool.until(isFull, 120_000);
  });

  test('loses a container: its registration goes, and another takes its place, for a reason told (tuist#11133)', async () => {
    pool = await full();
    const name = await pool.name('idle');
    site.kill(name);
    await pool.until(({ runners }) => runners.every((runner) => runner.name !== name));
    await pool.until(isFull);
    expect(site.registrations.has(site.runnerNameOf(name))).toBe(false);
    expect(site.destroyed).toEqual({
      [name]: 'container-lost: the host says that its container is down',
    });
  });

  test('loses a container under its job: the record says so, and the status names the run (elizaOS#11045)', async () => {
    pool = await full();
    const name = await pool.begin();
    site.kill(name);
    site.letGo(name);
    await pool.until(isFull);
    expect(await pool.runner(name).result()).toMatchObject({
      endReason: 'container-lost',
      outcome: 'interrupted',
    });
    const { interrupted } = await pool.status();
    expect(interrupted).toEqual([
      {
        at: expect.any(Number),
        runnerName: site.runnerNameOf(name),
        reason: 'container-lost: the host says that its container is down',
        job: 'test',
        url: 'https://github.com/cashubtc/cdk/actions/runs/7/attempts/1',
      },
    ]);
  });
});

describe('runners that end before any job', () => {
  test('are not replaced by a whole pool at once: one tries, while the others stand by (actions/runner#4613)', async () => {
    site.listens = false;
    pool = await start();
    await pool.see(({ counts }) => counts.available === 2, 'two registering runners');
    for (const name of await pool.names('registering')) site.exit(name, 7);
    await pool.see(({ totals }) => totals.failed === 2, 'two failed runners');
    const tried = site.calls.registerRunner;
    await pool.until(() => site.calls.registerRunner !== tried, 30_000);
    await environment.pass(10_000);
    expect(site.calls.registerRunner).toBe((tried ?? 0) + 1);
    site.listens = true;
    for (const name of await pool.names('registering')) site.listen(name);
    await pool.until(isFull, 120_000);
  });

  test('pause activations, and the status says why', async () => {
    pool = await full();
    site.exit(await pool.name('idle'), 7);
    const { held } = await pool.see(({ totals }) => totals.failed === 1, 'a failed runner');
    expect(held).toEqual([expect.stringContaining('GitHub no longer serves this runner version')]);
    await pool.until(isFull);
  });

  test('are tried again at once when a person resumes', async () => {
    pool = await full();
    site.exit(await pool.name('idle'), 7);
    await pool.see(({ totals }) => totals.failed === 1, 'a failed runner');
    await pool.handle.signal(resumeSignal);
    await pool.isFull();
  });
});

describe('what nobody looks after', () => {
  test('a container that stands is taken over, and replaced in its turn', async () => {
    site.place('fffff-r0', 'standby');
    pool = await start();
    await pool.until((status) => isFull(status) && status.runners.every(({ outdated }) => !outdated), 60_000);
    expect(site.containers.has('fffff-r0')).toBe(false);
    expect(await pool.runner('fffff-r0').result()).toMatchObject({
      endReason: 'outdated',
      outcome: 'unused',
    });
  });

  test('a container that never booted is destroyed', async () => {
    site.place('fffff-r0', 'made');
    pool = await start();
    await pool.until(isFull);
    expect(await pool.runner('fffff-r0').result()).toMatchObject({ endReason: 'container-failed' });
  });

  test('a running job is taken over, with its time', async () => {
    site.place('fffff-r0', 'idle');
    site.startJob('fffff-r0');
    await environment.pass(60_000);
    pool = await start();
    const { runners } = await pool.see(
      ({ counts }) => counts.busy === 1 && counts.available === 1,
      'a busy runner',
    );
    const runner = runners.find(({ name }) => name === 'fffff-r0');
    expect(environment.now() - (runner?.job?.startedAt ?? 0)).toBeGreaterThanOrEqual(60_000);
    site.finishJob('fffff-r0');
    await pool.until(isFull);
    expect((await pool.status()).totals.jobs).toBe(1);
  });

  test('a pool that has lost its memory finds its runners again, and makes none', async () => {
    pool = await full();
    const job = await pool.begin();
    const before = (await pool.status()).runners.map(({ name, phase }) => [name, phase]);
    await pool.handle.terminate();
    pool = await start();
    const { runners } = await pool.see(
      ({ counts }) => counts.available === 1 && counts.busy === 1 && counts.standby === 1,
      'a full pool',
    );
    expect(runners.map(({ name, phase }) => [name, phase])).toEqual(before);
    expect(site.calls.createContainer).toBe(3);
    site.finishJob(job);
    await pool.isFull();
  });

  test('a runner whose workflow was terminated gets another one, which goes on', async () => {
    pool = await full();
    const name = await pool.name('idle');
    const before = (await pool.status()).runners.map((runner) => runner.name);
    await pool.runner(name).terminate();
    site.orphans = [name];
    site.changed();
    await environment.see(() => site.calls.readRunnerEvents === 1, 'an adoption');
    site.orphans = [];
    await pool.isFull();
    expect((await pool.status()).runners.map((runner) => runner.name)).toEqual(before);
    site.startJob(name);
    await pool.see(({ counts }) => counts.busy === 1, 'a busy runner');
    site.finishJob(name);
    await pool.isFull();
    expect(await pool.runner(name).query(timelineQuery)).toMatchObject({
      phase: 'removed',
      job: { job: 'test' },
    });
  });

  test('a runner whose workflow was terminated is found out by an order that does not reach it', async () => {
    pool = await full();
    const name = await pool.name('idle');
    await pool.runner(name).terminate();
    await pool.handle.signal(drainSignal);
    await pool.see(({ runners }) => runners.length === 0, 'no runner');
    expect(site.left()).toEqual({ containers: [], registrations: [] });
  });
});
