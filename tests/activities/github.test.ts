import { EventEmitter, once } from 'node:events';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGithubActivities } from '../../activities/github.js';
import { failureType } from '../../workflows/failures.js';
import type { DemandReport, RegistrationReport } from '../../workflows/model.js';
import {
  connectRunner,
  failureOf,
  labels,
  runnerRoute,
  runnersRoute,
  startGithub,
  workflowRun,
  type GithubFixture,
} from './github-fixture.js';

const host = 'cdk-runner-01';
const name = `${host}-3a1f9-r0`;
const pollIntervalMs = 20;

let fixture: GithubFixture;
let activities: ReturnType<typeof createGithubActivities>;
let environment: MockActivityEnvironment;
beforeEach(async () => {
  fixture = await startGithub();
  activities = createGithubActivities(fixture.client);
  environment = new MockActivityEnvironment();
});
afterEach(async () => {
  const { contractViolations } = fixture.github.state();
  await fixture.close();
  expect(contractViolations).toEqual([]);
});

const register = (runnerName: string) => fixture.client.generateJitConfig({ name: runnerName, labels });
const run = <T>(call: () => Promise<T>) => environment.run<[], T, () => Promise<T>>(call);
const watchRunners = (
  previous: RegistrationReport | null,
  more: { host?: string; once?: boolean; pollIntervalMs?: number } = {},
) => run(() => activities.watchRunners({ host, pollIntervalMs, previous, once: false, ...more }));
const watchDemand = (previous: DemandReport | null) =>
  run(() => activities.watchDemand({ pollIntervalMs, previous }));
const remove = (input: { runnerName: string; runnerId?: number; ended?: boolean }) =>
  run(() => activities.removeRunner({ ended: false, ...input }));
/** So many looks from now on, by their heartbeats. */
const looks = async (count: number) => {
  for (let look = 0; look < count; look += 1) await once(environment, 'heartbeat');
};
const namesAtGithub = () => fixture.github.state().runners.map((runner) => runner.name);

describe('watching runners', () => {
  test('reports at once what the pool has not seen', async () => {
    const { runnerId } = await register(name);
    expect(await watchRunners(null)).toEqual({
      at: expect.any(Number),
      runners: [{ id: runnerId, name, status: 'offline', busy: false }],
    });
  });

  test('sees the runners of its own host alone', async () => {
    const names = [
      'cdk-runner-0-3a1f9-r0',
      'cdk-runner-01-3a1f9-r0',
      'cdk-runner-01-3a1f9-r12',
      'cdk-runner-01-extra-3a1f9-r0',
      'cdk-runner-013-3a1f9-r0',
      'cdk-runner-01-3A1F9-r0',
      'cdk-runner-01-3a1f9-r',
      'cdk-runner-01',
      'someone-elses',
    ];
    for (const each of names) await register(each);
    const seenBy = async (watcher: string) =>
      (await watchRunners(null, { host: watcher })).runners.map((runner) => runner.name);
    expect(await seenBy('cdk-runner-01')).toEqual(['cdk-runner-01-3a1f9-r0', 'cdk-runner-01-3a1f9-r12']);
    expect(await seenBy('cdk-runner-0')).toEqual(['cdk-runner-0-3a1f9-r0']);
  });

  test('looks until something changes, heartbeating, and pays for the changes alone', async () => {
    const first = await watchRunners(null);
    const watching = watchRunners(first);
    await looks(4);
    const { runnerId, jitConfig } = await register(name);
    const second = await watching;
    expect(second.runners).toEqual([{ id: runnerId, name, status: 'offline', busy: false }]);
    const online = watchRunners(second);
    await connectRunner(fixture.github.url, jitConfig);
    expect((await online).runners).toEqual([{ id: runnerId, name, status: 'online', busy: false }]);
    expect(fixture.github.state().requests.counted).toEqual({ core: 3, actions_runner_registration: 1 });
  });

  test('returns after one look when asked to', async () => {
    const first = await watchRunners(null);
    expect(await watchRunners(first, { once: true })).toEqual({ at: expect.any(Number), runners: [] });
    expect(fixture.github.state().requests).toMatchObject({ total: 2, counted: { core: 1 } });
  });

  test('ends at once when it is cancelled in the middle of a call', async () => {
    fixture.github.addFault({ kind: 'delay', delayMs: 2_000, route: runnersRoute });
    const watching = watchRunners(null);
    const started = performance.now();
    environment.cancel('WORKER_SHUTDOWN');
    await expect(watching).rejects.toThrow(CancelledFailure);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('ends at once when it is cancelled between two looks', async () => {
    const { client } = fixture;
    const looked = new EventEmitter();
    const listRunners = () => client.listRunners().finally(() => setImmediate(() => looked.emit('look')));
    activities = createGithubActivities({ ...client, listRunners });
    const watching = watchRunners({ at: 0, runners: [] }, { pollIntervalMs: 60_000 });
    await once(looked, 'look');
    environment.cancel('CANCELLED');
    await expect(watching).rejects.toThrow(CancelledFailure);
  });

  test('tells at once that the first look found GitHub away, or the token refused', async () => {
    fixture.github.addFault({ kind: 'outage' });
    expect((await failureOf(watchRunners(null))).type).toBe('GithubUnavailable');
    fixture.github.clearFaults();
    fixture.github.addFault({ kind: 'token-refused' });
    expect((await failureOf(watchRunners(null))).type).toBe('GithubUnauthorized');
  });

  test('bears two looks without an answer, and tells of the third', async () => {
    const { client, github } = fixture;
    const outcomes: string[] = [];
    // Two bad looks, a good one, and an outage from then on.
    const listRunners = async () => {
      if (outcomes.length === 1)
        github.addFault({ kind: 'status', status: 502, route: runnersRoute, times: 6 });
      if (outcomes.length === 4) github.addFault({ kind: 'outage' });
      return client.listRunners().then(
        (runners) => (outcomes.push('answered'), runners),
        (error: unknown) => {
          outcomes.push(failureType(error));
          throw error;
        },
      );
    };
    activities = createGithubActivities({ ...client, listRunners });
    expect((await failureOf(watchRunners({ at: 0, runners: [] }))).type).toBe('GithubUnavailable');
    const away = 'GithubUnavailable';
    expect(outcomes).toEqual(['answered', away, away, 'answered', away, away, away]);
  }, 20_000);
});

describe('watching demand', () => {
  const group = (wanted: string[], names: string[]) => ({
    labels: wanted,
    count: names.length,
    oldestQueuedAt: expect.any(Number),
    jobs: names.map((each) => ({
      id: expect.any(Number),
      name: each,
      url: expect.stringContaining('https://github.com/'),
      queuedAt: expect.any(Number),
    })),
  });

  test('counts queued jobs by their labels', async () => {
    fixture.github.queueWorkflowRun(workflowRun(['a', 'b'], ['self-hosted']));
    fixture.github.queueWorkflowRun(workflowRun(['c'], ['macos-latest']));
    expect((await watchDemand(null)).queued).toEqual([
      group(['macos-latest'], ['c']),
      group(['self-hosted'], ['a', 'b']),
    ]);
  });

  test('counts the queued jobs of a run that is in progress, and none that waits or runs', async () => {
    const { github } = fixture;
    const { jobs } = workflowRun(['running', 'queued', 'waiting', 'later']);
    github.queueWorkflowRun({
      workflow: 'CI',
      jobs: jobs.map((each) => ({
        ...each,
        needsApproval: each.name === 'waiting',
        needs: each.name === 'later' ? ['running'] : [],
      })),
    });
    const { jitConfig } = await fixture.client.generateJitConfig({ name, labels: ['self-hosted'] });
    await (await connectRunner(github.url, jitConfig)).takeJob();
    expect((await watchDemand(null)).queued).toEqual([group(['self-hosted'], ['queued'])]);
  });

  test('looks until the demand changes', async () => {
    const first = await watchDemand(null);
    expect(first.queued).toEqual([]);
    const watching = watchDemand(first);
    await looks(3);
    const { runId } = fixture.github.queueWorkflowRun(workflowRun(['a']));
    const second = await watching;
    expect(second.queued).toEqual([group(['self-hosted'], ['a'])]);
    fixture.github.cancelRun(runId);
    expect((await watchDemand(second)).queued).toEqual([]);
  });

  test('does not watch an organisation', async () => {
    const client = fixture.another({ scope: { organisation: 'cashubtc' } });
    activities = createGithubActivities(client);
    expect((await failureOf(watchDemand(null))).type).toBe('ConfigInvalid');
  });
});

describe('removing a runner', () => {
  test.each([true, false])('removes it by its id or by its name (ended: %s)', async (ended) => {
    const { runnerId } = await register(name);
    expect(await remove({ runnerName: name, runnerId, ended })).toBe('removed');
    await register(name);
    expect(await remove({ runnerName: name, ended })).toBe('removed');
    expect(await remove({ runnerName: name, runnerId, ended })).toBe('gone');
    expect(await remove({ runnerName: name, ended })).toBe('gone');
  });

  test('a runner that is gone after its job costs one read and no write', async () => {
    const { runnerId } = await register(name);
    await fixture.client.deleteRunner({ id: runnerId, name });
    const before = fixture.github.state().requests.total;
    expect(await remove({ runnerName: name, runnerId, ended: true })).toBe('gone');
    expect(fixture.github.state().requests.total - before).toBe(1);
  });

  test('removes a runner that is too new for the list', async () => {
    const { runnerId } = await register(name);
    fixture.github.addFault({ kind: 'list-lag', lagMs: 60_000 });
    expect(await remove({ runnerName: name, runnerId })).toBe('removed');
  });

  test('leaves a busy runner alone, and lets GitHub decide about one whose job is over', async () => {
    const { runnerId, jitConfig } = await register(name);
    fixture.github.queueWorkflowRun(workflowRun(['build']));
    await (await connectRunner(fixture.github.url, jitConfig)).takeJob();
    expect(await remove({ runnerName: name, runnerId })).toBe('busy');
    expect(fixture.requests()[`DELETE ${runnerRoute}`]).toBeUndefined();
    expect(await remove({ runnerName: name, runnerId, ended: true })).toBe('busy');
    expect(fixture.requests()[`DELETE ${runnerRoute}`]).toBe(1);
  });

  test('never removes another runner that has the id by now', async () => {
    const other = 'cdk-runner-02-3a1f9-r0';
    const { runnerId } = await register(other);
    expect(await remove({ runnerName: name, runnerId })).toBe('gone');
    expect(namesAtGithub()).toEqual([other]);
  });

  test.each(['someone-elses', '3a1f9-r0', '-3a1f9-r0', 'cdk-runner-01', 'cdk-runner-01-3a1f9-r0x', ''])(
    'refuses to remove %j, which no pool made',
    async (runnerName) => {
      expect((await failureOf(remove({ runnerName }))).type).toBe('ConfigInvalid');
      expect(fixture.requests()).toEqual({});
    },
  );

  test('does not take a token that may see nothing for a runner that is gone', async () => {
    const { runnerId } = await register(name);
    fixture.github.addFault({ kind: 'status', status: 404, times: 2 });
    expect((await failureOf(remove({ runnerName: name, runnerId }))).type).toBe('GithubUnauthorized');
  });
});
