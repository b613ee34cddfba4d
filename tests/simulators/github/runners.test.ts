import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { decodeJitConfig, ProtocolRunner } from './protocol-runner.js';
import { errorOf, jitPath, register, repo, restClient, runnersPath, type RestClient } from './rest-client.js';

let simulator: GithubSimulator;
let rest: RestClient;

beforeEach(async () => {
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
  rest = restClient(simulator);
});

afterEach(async () => {
  expect(simulator.state().contractViolations).toEqual([]);
  await simulator.close();
});

describe('registration with a JIT configuration', () => {
  test('makes an offline runner with an id and only the labels that were given', async () => {
    const { runner, encoded_jit_config: jit } = await register(rest, 'host-3a1f9-r0', ['self-hosted', 'nix']);
    expect(runner).toEqual({
      id: 1001,
      name: 'host-3a1f9-r0',
      os: 'unknown',
      status: 'offline',
      busy: false,
      ephemeral: true,
      version: null,
      runner_group_id: 1,
      labels: [
        { id: 1, name: 'self-hosted', type: 'read-only' },
        { id: 2, name: 'nix', type: 'custom' },
      ],
    });
    const { settings, credentials } = decodeJitConfig(jit);
    expect(settings).toEqual({
      AgentId: '1001',
      AgentName: 'host-3a1f9-r0',
      PoolId: '1',
      PoolName: 'Default',
      ServerUrl: simulator.url,
      GitHubUrl: 'https://github.com/cashubtc/cdk',
      WorkFolder: '_work',
      Ephemeral: true,
      UseV2Flow: true,
    });
    expect(credentials.Data.ClientId).toMatch(/^sim-jit-/);
    expect(simulator.secrets()).toEqual([jit, credentials.Data.ClientId]);
  });

  test('refuses a name that is taken', async () => {
    await register(rest, 'taken');
    const answer = await rest('POST', jitPath, {
      name: 'taken',
      runner_group_id: 1,
      labels: ['self-hosted'],
    });
    expect(errorOf(answer)).toEqual({
      status: 409,
      message: 'Already exists - A runner with the name taken already exists.',
    });
  });

  test.each([
    ['a group that does not exist', { runner_group_id: 7 }, 404],
    ['the group of GitHub’s own runners', { runner_group_id: 2 }, 403],
    ['a name of more than 64 characters', { name: 'x'.repeat(65) }, 422],
    ['a label of more than 256 characters', { labels: ['x'.repeat(257)] }, 422],
  ])('refuses %s', async (_what, change, status) => {
    const answer = await rest('POST', jitPath, {
      name: 'a',
      runner_group_id: 1,
      labels: ['self-hosted'],
      ...change,
    });
    expect([answer.status, simulator.state().runners]).toEqual([status, []]);
  });
});

describe('the list of runners', () => {
  test('comes in pages that link to each other', async () => {
    for (const name of ['a', 'b', 'c']) await register(rest, name);
    const page = await rest('GET', `${runnersPath}?per_page=2`);
    expect(page.body).toMatchObject({ total_count: 3, runners: [{ name: 'a' }, { name: 'b' }] });
    const next = `${simulator.url}${runnersPath}?per_page=2&page=2`;
    expect(page.headers.get('link')).toBe(`<${next}>; rel="next", <${next}>; rel="last"`);
    const last = await rest('GET', next.slice(simulator.url.length));
    expect(last.body).toMatchObject({ total_count: 3, runners: [{ name: 'c' }] });
  });

  test('can be filtered by the exact name', async () => {
    for (const name of ['a', 'ab']) await register(rest, name);
    expect((await rest('GET', `${runnersPath}?name=a`)).body).toMatchObject({
      total_count: 1,
      runners: [{ name: 'a' }],
    });
  });

  test('shows a runner online as soon as it has a session, and offline after its goodbye', async () => {
    const { runner, encoded_jit_config: jit } = await register(rest, 'a');
    const program = new ProtocolRunner(simulator, jit);
    expect(await program.open()).toBe(200);
    const seen = async () => (await rest('GET', `${runnersPath}/${runner.id}`)).body;
    expect(await seen()).toMatchObject({ status: 'online', busy: false, os: 'linux', version: '2.336.0' });
    expect(await program.close()).toBe(204);
    expect(await seen()).toMatchObject({ status: 'offline', busy: false });
  });
});

describe('removal', () => {
  test('ends the registration, and a second one finds nothing', async () => {
    const { runner } = await register(rest, 'a');
    expect((await rest('DELETE', `${runnersPath}/${runner.id}`)).status).toBe(204);
    expect((await rest('GET', `${runnersPath}/${runner.id}`)).status).toBe(404);
    expect((await rest('DELETE', `${runnersPath}/${runner.id}`)).status).toBe(404);
  });

  test('ends the poll of a runner that listens', async () => {
    const { runner, encoded_jit_config: jit } = await register(rest, 'a');
    const program = new ProtocolRunner(simulator, jit);
    await program.open();
    const poll = program.poll();
    await rest('DELETE', `${runnersPath}/${runner.id}`);
    expect([await poll, await program.open()]).toEqual([404, 404]);
  });

  test('is refused while the runner runs a job', async () => {
    const { runner, encoded_jit_config: jit } = await register(rest, 'a');
    const program = new ProtocolRunner(simulator, jit);
    await program.open();
    simulator.queueWorkflowRun({
      workflow: 'CI',
      jobs: [{ id: 'j', name: 'J', runsOn: ['self-hosted'], durationMs: 1 }],
    });
    await program.poll();
    expect(errorOf(await rest('DELETE', `${runnersPath}/${runner.id}`))).toEqual({
      status: 422,
      message: 'Bad request - Runner "a" is still running a job"',
    });
  });
});

test('hands out registration and removal tokens', async () => {
  for (const kind of ['registration-token', 'remove-token']) {
    const { status, body } = await rest('POST', `${runnersPath}/${kind}`);
    expect(status).toBe(201);
    const lifeMs = Date.parse((body as { expires_at: string }).expires_at) - Date.now();
    expect(Math.abs(lifeMs - 3_600_000)).toBeLessThan(5_000);
  }
});

test('keeps the runners of the organisation apart from those of the repository', async () => {
  const path = '/orgs/cashubtc/actions/runners';
  const jit = await rest('POST', `${path}/generate-jitconfig`, {
    name: 'a',
    runner_group_id: 1,
    labels: ['self-hosted'],
  });
  expect(jit.status).toBe(201);
  const { runner } = jit.body as { runner: { id: number } };
  expect((await rest('GET', path)).body).toMatchObject({ total_count: 1, runners: [{ name: 'a' }] });
  expect((await rest('GET', runnersPath)).body).toMatchObject({ total_count: 0 });
  expect((await rest('GET', `${runnersPath}/${runner.id}`)).status).toBe(404);
  expect((await rest('DELETE', `${path}/${runner.id}`)).status).toBe(204);
});

test('has one repository and answers 404 for every other', async () => {
  expect((await rest('GET', repo)).body).toMatchObject({ full_name: 'cashubtc/cdk' });
  expect(errorOf(await rest('GET', '/repos/cashubtc/other'))).toEqual({ status: 404, message: 'Not Found' });
});
