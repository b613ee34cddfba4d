import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRegistrationActivities } from '../../activities/registration.js';
import { createRuntimeDir, runtimePaths } from '../../activities/runtime-dir.js';
import {
  connectRunner,
  failureOf,
  jitRoute,
  labels,
  runnerRoute,
  startGithub,
  workflowRun,
  type GithubFixture,
} from './github-fixture.js';

const name = '3a1f9-r0';
const runnerName = `cdk-runner-01-${name}`;

let fixture: GithubFixture;
let runtimeDir: string;
beforeEach(async () => {
  fixture = await startGithub();
  runtimeDir = join(fixture.dir, 'runtime');
  await createRuntimeDir(runtimeDir, name);
});
afterEach(async () => {
  const { contractViolations } = fixture.github.state();
  await fixture.close();
  expect(contractViolations).toEqual([]);
});

/** Registers as the given attempt of the activity. */
function register({ attempt = 1, mayExist = false } = {}): Promise<{ runnerId: number }> {
  const activities = createRegistrationActivities({ client: fixture.client, runtimeDir });
  const call = () => activities.registerRunner({ name, runnerName, labels, mayExist });
  type Result = Awaited<ReturnType<typeof call>>;
  return new MockActivityEnvironment({ attempt }).run<[], Result, typeof call>(call);
}
const handedOver = () => readFile(runtimePaths(runtimeDir, name).jitConfig, 'utf8');
const namesAtGithub = () => fixture.github.state().runners.map((runner) => runner.name);
const registrations = () => fixture.requests()[`POST ${jitRoute}`] ?? 0;
const dropAnswer = () => fixture.github.addFault({ kind: 'drop', afterWork: true, route: jitRoute });

/** Somebody runs a job under this name. */
async function occupyName() {
  const { jitConfig } = await fixture.client.generateJitConfig({ name: runnerName, labels: ['self-hosted'] });
  fixture.github.queueWorkflowRun(workflowRun(['build']));
  await (await connectRunner(fixture.github.url, jitConfig)).takeJob();
}

test('registers with one call and hands the configuration over, readable by root alone', async () => {
  const { runnerId } = await register();
  expect(fixture.github.secrets()).toContain(await handedOver());
  expect((await stat(runtimePaths(runtimeDir, name).jitConfig)).mode & 0o777).toBe(0o400);
  expect(fixture.github.state().runners).toMatchObject([{ id: runnerId, name: runnerName, labels }]);
  expect(fixture.github.state().requests.total).toBe(1);
});

describe('after a worker that was killed', () => {
  test('between the hand-over and its report, it finds the runner that it has registered', async () => {
    const { runnerId } = await register();
    const before = await handedOver();
    expect(await register({ attempt: 2 })).toEqual({ runnerId });
    expect(await handedOver()).toBe(before);
    expect(registrations()).toBe(1);
  });

  test('between the hand-over and its report, it takes another name if the runner is gone again', async () => {
    const { runnerId } = await register();
    await fixture.client.deleteRunner({ id: runnerId, name: runnerName });
    expect((await failureOf(register({ attempt: 2 }))).type).toBe('RunnerNameTaken');
    expect(registrations()).toBe(1);
  });

  test.each([{ attempt: 2 }, { mayExist: true }])(
    'between registration and hand-over, it clears the registration and takes another name (%j)',
    async (again) => {
      await fixture.client.generateJitConfig({ name: runnerName, labels });
      expect((await failureOf(register(again))).type).toBe('RunnerNameTaken');
      expect({ left: namesAtGithub(), registrations: registrations() }).toEqual({
        left: [],
        registrations: 1,
      });
    },
  );

  test('before registration, it registers', async () => {
    const { runnerId } = await register({ attempt: 2 });
    expect(fixture.github.state().runners).toMatchObject([{ id: runnerId, name: runnerName }]);
  });
});

describe('after a call whose answer got lost', () => {
  test('it asks once, and the next attempt clears what was registered', async () => {
    dropAnswer();
    expect((await failureOf(register())).type).toBe('GithubUnavailable');
    expect({ left: namesAtGithub(), registrations: registrations() }).toEqual({
      left: [runnerName],
      registrations: 1,
    });
    expect((await failureOf(register({ attempt: 2 }))).type).toBe('RunnerNameTaken');
    expect({ left: namesAtGithub(), registrations: registrations() }).toEqual({ left: [], registrations: 1 });
  });

  test('it learns of the registration by the 409, while the list does not show it yet', async () => {
    dropAnswer();
    await failureOf(register());
    fixture.github.addFault({ kind: 'list-lag', lagMs: 60_000 });
    expect((await failureOf(register({ attempt: 2 }))).type).toBe('RunnerNameTaken');
    expect(registrations()).toBe(2);
  });
});

describe('a name that is taken', () => {
  test('is freed, and not used', async () => {
    await fixture.client.generateJitConfig({ name: runnerName, labels });
    expect(await failureOf(register())).toMatchObject({
      type: 'RunnerNameTaken',
      message: `GitHub already had a runner named ${runnerName}; it takes a new name to go on.`,
    });
    expect(namesAtGithub()).toEqual([]);
  });

  test('stays with a runner that is running a job', async () => {
    await occupyName();
    expect((await failureOf(register())).type).toBe('RunnerNameTaken');
    expect(namesAtGithub()).toEqual([runnerName]);
    expect(fixture.requests()[`DELETE ${runnerRoute}`]).toBeUndefined();
  });
});

describe('a container that is gone', () => {
  test('leaves no registration behind', async () => {
    await rm(join(runtimeDir, name), { recursive: true });
    expect((await failureOf(register())).type).toBe('ContainerLost');
    expect(namesAtGithub()).toEqual([]);
  });

  test('is what the failure tells, even when GitHub goes away just then', async () => {
    await rm(join(runtimeDir, name), { recursive: true });
    fixture.github.addFault({ kind: 'status', status: 401, route: runnerRoute });
    expect((await failureOf(register())).type).toBe('ContainerLost');
  });
});

test.each([
  ['GithubUnauthorized', { status: 403 }],
  ['GithubUnauthorized', { status: 404 }],
  ['GithubRateLimited', { status: 403, retryAfterS: 7 }],
  ['ConfigInvalid', { status: 422 }],
  ['GithubUnavailable', { status: 503 }],
])('a refusal is %s (%j), and asked for once', async (type, fault) => {
  fixture.github.addFault({ kind: 'status', route: jitRoute, message: 'No', ...fault });
  expect((await failureOf(register())).type).toBe(type);
  expect(registrations()).toBe(1);
});

test('neither a failure nor a log carries the configuration', async () => {
  await rm(runtimePaths(runtimeDir, name).in, { recursive: true });
  const { everything } = await failureOf(register());
  const secrets = ['sim-jit-', ...fixture.github.secrets()];
  expect(secrets.length).toBeGreaterThan(1);
  expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  expect(fixture.logged.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
});
