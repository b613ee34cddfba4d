import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { failure } from '../../workflows/failures.js';
import type { RunnerTimeline } from '../../workflows/model.js';
import { Environment } from './environment.js';
import { RunnerUnderTest } from './runner-fixture.js';
import type { Site } from './site.js';

jest.setTimeout(60_000);
let environment: Environment;
let site: Site;

beforeAll(async () => {
  environment = await Environment.start();
});
afterAll(() => environment.stop());
beforeEach(async () => {
  site = await environment.createSite();
});
afterEach(() => {
  expect(site.left()).toEqual({ containers: [], registrations: [] });
});

const start = () => RunnerUnderTest.start(environment, site);
const phasesOf = ({ phases }: RunnerTimeline) => phases.map(({ phase }) => phase);

describe('a life without incident', () => {
  test('serves one job, and its record tells all of it', async () => {
    const runner = await (await start()).reach('busy');
    site.finishJob(runner.name);
    const { phases, ...timeline } = await runner.timeline();
    const at = expect.any(Number);
    expect(timeline).toEqual({
      host: site.host,
      name: runner.name,
      runnerName: runner.runnerName,
      runnerId: 1,
      system: '/nix/store/system',
      job: {
        repository: 'cashubtc/cdk',
        workflow: 'CI',
        job: 'test',
        runId: '7',
        runAttempt: 1,
        url: 'https://github.com/cashubtc/cdk/actions/runs/7/attempts/1',
        startedAt: at,
        completedAt: at,
      },
      exitCode: 0,
      logs: `/logs/${runner.name}.tar.gz`,
      outcome: 'completed',
      endReason: 'job-done',
    });
    expect(phases.map(({ phase }) => phase)).toEqual([
      'creating',
      'standby',
      'registering',
      'idle',
      'busy',
      'removing',
      'removed',
    ]);
  });

  test('makes one container and asks for each thing once', async () => {
    const runner = await (await start()).reach('busy');
    site.finishJob(runner.name);
    await runner.timeline();
    expect(site.calls).toEqual({
      createContainer: 1,
      startContainer: 1,
      registerRunner: 1,
      // For listening, for the job, for its end.
      awaitRunnerEvent: 3,
      keepLogs: 1,
      destroyContainer: 1,
      removeRunner: 1,
    });
  });
});

describe('each failure ends in a clean host', () => {
  type Case = [string, Partial<RunnerTimeline>, () => Promise<RunnerUnderTest>];
  const failed = (endReason: RunnerTimeline['endReason']) => ({ endReason, outcome: 'failed' as const });
  const reach = async (phase: Parameters<RunnerUnderTest['reach']>[0], then: (name: string) => void) => {
    const runner = await (await start()).reach(phase);
    then(runner.name);
    return runner;
  };

  test.each<Case>([
    [
      'the container system is missing',
      { ...failed('container-failed'), endDetail: 'not built' },
      () => {
        site.fail('createContainer', () => failure('SystemMissing', 'not built'));
        return start();
      },
    ],
    [
      'the container does not start, three times',
      { ...failed('container-failed'), endDetail: 'start failed' },
      () => {
        site.fail('startContainer', () => failure('ContainerStartFailed', 'start failed'), 3);
        return start();
      },
    ],
    [
      'the container does not boot in time',
      failed('startup-timeout'),
      () => {
        site.boots = false;
        return start();
      },
    ],
    [
      'the container vanishes while it boots',
      failed('container-failed'),
      async () => {
        site.boots = false;
        const runner = await start();
        await environment.see(() => site.calls.startContainer === 1, 'start');
        site.lose(runner.name);
        return runner;
      },
    ],
    [
      'the container vanishes on standby',
      failed('container-lost'),
      () => reach('standby', (name) => site.lose(name)),
    ],
    [
      'the container vanishes while it registers',
      failed('container-lost'),
      () => reach('registering', (name) => site.lose(name)),
    ],
    [
      'the container vanishes while it is idle',
      failed('container-lost'),
      () => reach('idle', (name) => site.lose(name)),
    ],
    [
      'the container vanishes under its job',
      { endReason: 'container-lost', outcome: 'interrupted' },
      () =>
        reach('busy', (name) => {
          site.lose(name);
          site.letGo(name);
        }),
    ],
    [
      'the runner ends before any job',
      { ...failed('runner-exited'), exitCode: 1 },
      () => reach('idle', (name) => site.exit(name, 1)),
    ],
    [
      'its version is not served any more',
      { ...failed('runner-deprecated'), exitCode: 7 },
      () => reach('registering', (name) => site.exit(name, 7)),
    ],
    [
      'the runner ends under its job',
      { endReason: 'runner-exited', outcome: 'interrupted', exitCode: 137 },
      () => reach('busy', (name) => site.exit(name, 137, 'oom-kill')),
    ],
    ['the runner never listens', failed('startup-timeout'), () => reach('registering', () => undefined)],
    [
      'its name is taken',
      failed('runner-name-taken'),
      async () => {
        site.fail('registerRunner', () => failure('RunnerNameTaken', 'taken'));
        const runner = await (await start()).in('standby');
        await runner.activate();
        return runner;
      },
    ],
  ])('when %s', async (_title, expected, come) => {
    const runner = await come();
    expect(await runner.timeline(180_000)).toMatchObject(expected);
  });

  test('tries a start three times', async () => {
    site.fail('startContainer', () => failure('ContainerStartFailed', 'start failed'));
    await (await start()).timeline();
    expect(site.calls.startContainer).toBe(3);
  });

  test('removes a container though its logs are lost and its removal fails at first', async () => {
    site.fail('keepLogs', () => failure('HostUnavailable', 'disk full'));
    site.fail('destroyContainer', () => failure('ContainerNotRemoved', 'device busy'), 2);
    const runner = await (await start()).reach('standby');
    await runner.end('drain');
    expect(await runner.timeline()).toMatchObject({ endReason: 'drain', outcome: 'unused' });
    expect(site.calls.destroyContainer).toBe(3);
  });
});

describe('a cancelled workflow leaves nothing behind', () => {
  test('while the container boots', async () => {
    site.boots = false;
    const runner = await start();
    await environment.see(() => site.calls.startContainer === 1, 'start');
    await runner.handle.cancel();
    expect(await runner.timeline()).toMatchObject({ endReason: 'cancelled', outcome: 'unused' });
  });

  test('and removes the container only when nobody is making it any more', async () => {
    site.boots = false;
    const runner = await start();
    await environment.see(() => site.calls.startContainer === 1, 'start');
    await runner.handle.cancel();
    await runner.timeline();
    expect(site.order).toEqual([
      'createContainer',
      'startContainer',
      'startContainer ends',
      'stopContainer',
      'keepLogs',
      'destroyContainer',
    ]);
  });

  test.each([
    ['standby', 'unused'],
    ['registering', 'unused'],
    ['idle', 'unused'],
    ['busy', 'interrupted'],
  ] as const)('in phase %s', async (phase, outcome) => {
    const runner = await (await start()).reach(phase);
    await runner.handle.cancel();
    expect(await runner.timeline()).toMatchObject({ endReason: 'cancelled', outcome });
  });
});

describe('a registration that GitHub refuses', () => {
  test.each([
    ['GithubUnauthorized', 1, 1],
    ['GithubRateLimited', 1, 1],
    ['GithubUnavailable', 3, 3],
  ] as const)(
    'with %s puts the runner back on standby after %i call(s), for another try',
    async (type, times, calls) => {
      site.fail('registerRunner', () => failure(type, 'refused'), times);
      const runner = await (await start()).in('standby');
      await runner.activate();
      await environment.until(() => site.calls.registerRunner === calls, 30_000);
      await runner.in('standby');
      await runner.activate();
      await runner.in('idle');
      site.startJob(runner.name);
      site.finishJob(runner.name);
      const timeline = await runner.timeline();
      expect(phasesOf(timeline).slice(1, 5)).toEqual(['standby', 'registering', 'standby', 'registering']);
      expect(timeline).toMatchObject({ endReason: 'job-done', outcome: 'completed' });
    },
  );
});

describe('a job that runs too long', () => {
  test('is ended after its time, GitHub having been asked', async () => {
    const runner = await (await start()).reach('busy');
    await environment.pass(110_000);
    expect(await runner.phase()).toBe('busy');
    const timeline = await runner.timeline(30_000);
    expect(timeline).toMatchObject({
      endReason: 'job-timeout',
      endDetail: 'its job ran longer than 120 s',
      outcome: 'interrupted',
    });
    const { order } = site;
    expect(order.indexOf('removeRunner')).toBeLessThan(order.indexOf('stopContainer'));
  });

  test.each(['GithubUnavailable', 'GithubUnauthorized'] as const)(
    'goes on while GitHub answers %s',
    async (type) => {
      const runner = await (await start()).reach('busy');
      site.fail('removeRunner', () => failure(type, 'away'));
      await environment.pass(300_000);
      expect([await runner.phase(), site.calls.stopContainer]).toEqual(['busy', undefined]);
      site.mend();
      expect(await runner.timeline(400_000)).toMatchObject({ endReason: 'job-timeout' });
    },
  );

  test('may end by itself while GitHub is away', async () => {
    const runner = await (await start()).reach('busy');
    site.fail('removeRunner', () => failure('GithubUnavailable', 'away'));
    await environment.pass(150_000);
    site.finishJob(runner.name);
    await runner.in('removing');
    site.mend();
    expect(await runner.timeline(400_000)).toMatchObject({ endReason: 'job-done', outcome: 'completed' });
  });

  test('is ended by an order while GitHub is away', async () => {
    const runner = await (await start()).reach('busy');
    site.fail('removeRunner', () => failure('GithubUnavailable', 'away'));
    await environment.pass(150_000);
    await runner.end('cleanup');
    await environment.until(() => site.left().containers.length === 0, 60_000);
    site.mend();
    expect(await runner.timeline(400_000)).toMatchObject({ endReason: 'cleanup', outcome: 'interrupted' });
  });
});

describe('a wish to end', () => {
  test('is declined under a job', async () => {
    const runner = await (await start()).reach('busy');
    await runner.end('drain');
    await environment.pass(10_000);
    expect([await runner.phase(), site.calls.removeRunner]).toEqual(['busy', undefined]);
    site.finishJob(runner.name);
    expect(await runner.timeline()).toMatchObject({ endReason: 'job-done', outcome: 'completed' });
  });

  test('is declined by GitHub, which knows of a job before the runner says so', async () => {
    const runner = await (await start()).reach('idle');
    site.startJob(runner.name, 'test', true);
    await runner.end('drain');
    await runner.in('busy');
    site.startJob(runner.name);
    site.finishJob(runner.name);
    expect(await runner.timeline()).toMatchObject({ endReason: 'job-done', job: { job: 'test' } });
  });

  test('takes the registration away before the container stops (actions/runner#3669)', async () => {
    const runner = await (await start()).reach('idle');
    await runner.end('drain');
    await runner.timeline();
    const { order } = site;
    expect(order.indexOf('removeRunner')).toBeLessThan(order.indexOf('destroyContainer'));
  });

  test('destroys nothing while GitHub can not be asked', async () => {
    const runner = await (await start()).reach('idle');
    site.fail('removeRunner', () => failure('GithubUnavailable', 'away'));
    await runner.end('drain');
    await environment.pass(60_000);
    expect([await runner.phase(), site.calls.removeRunner, site.calls.destroyContainer]).toEqual([
      'idle',
      3,
      undefined,
    ]);
    site.mend();
    await runner.end('drain');
    expect(await runner.timeline()).toMatchObject({ endReason: 'drain', outcome: 'unused' });
  });

  test('breaks off the making of a container', async () => {
    site.boots = false;
    const runner = await start();
    await environment.see(() => site.calls.startContainer === 1, 'start');
    await runner.end('drain');
    expect(await runner.timeline()).toMatchObject({ endReason: 'drain', outcome: 'unused' });
  });

  test('of a ghost under a job is granted when GitHub does not know the runner', async () => {
    const runner = await (await start()).reach('busy');
    site.forget(runner.name);
    await runner.end('ghost');
    expect(await runner.timeline()).toMatchObject({ endReason: 'ghost', outcome: 'interrupted' });
  });
});

describe('an order to end', () => {
  test('ends a job', async () => {
    const runner = await (await start()).reach('busy');
    await runner.end('cleanup');
    expect(await runner.timeline()).toMatchObject({ endReason: 'cleanup', outcome: 'interrupted' });
  });

  test('is not taken back by a mere wish that comes after it', async () => {
    const runner = await (await start()).reach('busy');
    await Promise.all([runner.end('cleanup'), runner.end('drain')]);
    expect(await runner.timeline()).toMatchObject({ outcome: 'interrupted' });
  });
});

describe('a registration that can not be removed yet', () => {
  test('is a debt: the container goes at once, the workflow ends when GitHub lets go', async () => {
    const runner = await (await start()).reach('busy');
    site.stuck.add(runner.runnerName);
    await runner.end('cleanup');
    await environment.until(() => site.left().containers.length === 0, 30_000);
    await environment.pass(60_000);
    expect(await runner.isOver()).toBe(false);
    site.letGo(runner.name);
    expect(await runner.timeline(300_000)).toMatchObject({ endReason: 'cleanup' });
  });

  test('waits for a token that GitHub accepts', async () => {
    const runner = await (await start()).reach('idle');
    site.fail('removeRunner', () => failure('GithubUnauthorized', 'bad token'));
    site.lose(runner.name);
    await environment.pass(60_000);
    expect([await runner.isOver(), site.left().registrations.length]).toEqual([false, 1]);
    site.mend();
    expect(await runner.timeline(300_000)).toMatchObject({ endReason: 'container-lost' });
  });
});

describe('the start-up timeout', () => {
  test('spares a runner that GitHub calls busy', async () => {
    const runner = await (await start()).reach('registering');
    site.startJob(runner.name, 'test', true);
    await environment.until(async () => (await runner.phase()) === 'busy', 90_000);
    site.startJob(runner.name);
    site.finishJob(runner.name);
    expect(await runner.timeline()).toMatchObject({ endReason: 'job-done', job: { job: 'test' } });
  });

  test('waits while GitHub can not be asked', async () => {
    const runner = await (await start()).reach('registering');
    site.fail('removeRunner', () => failure('GithubUnavailable', 'away'));
    await environment.pass(150_000);
    expect([await runner.phase(), site.calls.destroyContainer]).toEqual(['registering', undefined]);
    site.mend();
    expect(await runner.timeline(120_000)).toMatchObject({ endReason: 'startup-timeout' });
  });
});
