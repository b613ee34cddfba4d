import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { ProtocolRunner } from './protocol-runner.js';
import { errorOf, jitPath, register, repo, restClient, runnersPath, type RestClient } from './rest-client.js';

const jitRoute = '/repos/{owner}/{repo}/actions/runners/generate-jitconfig';
const jitBody = { name: 'a', runner_group_id: 1, labels: ['self-hosted'] };

let simulator: GithubSimulator;
let rest: RestClient;

beforeEach(async () => {
  simulator = await startGithubSimulator({
    repository: 'cashubtc/cdk',
    tokens: ['token-one', 'token-two'],
  });
  rest = restClient(simulator);
});

afterEach(async () => {
  expect(simulator.state().contractViolations).toEqual([]);
  await simulator.close();
});

async function listening(name: string): Promise<ProtocolRunner> {
  const runner = new ProtocolRunner(simulator, (await register(rest, name)).encoded_jit_config);
  await runner.open();
  return runner;
}
const queueOne = () =>
  simulator.queueWorkflowRun({
    workflow: 'CI',
    jobs: [{ id: 'j', name: 'J', runsOn: ['self-hosted'], durationMs: 1 }],
  });

describe('a call that fails', () => {
  test.each([500, 502, 503, 504, 429, 403, 401])(
    'answers %i as often as told, and then works',
    async (status) => {
      simulator.addFault({ kind: 'status', status, times: 2 });
      const statuses = [];
      for (let call = 0; call < 3; call++) statuses.push((await rest('GET', runnersPath)).status);
      expect(statuses).toEqual([status, status, 200]);
    },
  );

  test('says what it was told to say', async () => {
    simulator.addFault({
      kind: 'status',
      status: 403,
      retryAfterS: 7,
      message: 'Slow down',
      headers: { 'x-a': 'b' },
    });
    const answer = await rest('GET', runnersPath);
    expect(errorOf(answer)).toEqual({ status: 403, message: 'Slow down' });
    expect([answer.headers.get('retry-after'), answer.headers.get('x-a')]).toEqual(['7', 'b']);
  });

  test('is the one of the method and the route only', async () => {
    simulator.addFault({ kind: 'status', status: 502, method: 'POST', route: jitRoute });
    expect((await rest('GET', runnersPath)).status).toBe(200);
    expect((await rest('POST', jitPath, jitBody)).status).toBe(502);
    expect(simulator.state().runners).toEqual([]);
  });

  test('may have done its work: the runner is registered, and the retry is told that its name is taken', async () => {
    simulator.addFault({ kind: 'status', status: 502, route: jitRoute, afterWork: true });
    expect((await rest('POST', jitPath, jitBody)).status).toBe(502);
    expect((await rest('POST', jitPath, jitBody)).status).toBe(409);
  });

  test('may drop the connection, before its work or after', async () => {
    simulator.addFault({ kind: 'drop', route: jitRoute });
    await expect(rest('POST', jitPath, jitBody)).rejects.toThrow('fetch failed');
    expect(simulator.state().runners).toEqual([]);
    simulator.addFault({ kind: 'drop', route: jitRoute, afterWork: true });
    await expect(rest('POST', jitPath, jitBody)).rejects.toThrow('fetch failed');
    expect(simulator.state().runners).toMatchObject([{ name: 'a', status: 'offline' }]);
  });

  test('may only be late', async () => {
    simulator.addFault({ kind: 'delay', delayMs: 60 });
    const start = performance.now();
    expect((await rest('GET', repo)).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
  });
});

test('lists lag behind registrations until told otherwise', async () => {
  simulator.addFault({ kind: 'list-lag', lagMs: 60_000 });
  const { runner } = await register(rest, 'a');
  expect((await rest('GET', runnersPath)).body).toMatchObject({ total_count: 0 });
  expect((await rest('GET', `${runnersPath}/${runner.id}`)).status).toBe(200);
  simulator.clearFaults();
  expect((await rest('GET', runnersPath)).body).toMatchObject({ total_count: 1 });
});

test('a lost assignment leaves a runner that listens for ever and is not registered; its job goes to another', async () => {
  simulator.addFault({ kind: 'lost-assignment', requeueAfterMs: 50 });
  const ghost = await listening('ghost');
  const poll = ghost.poll();
  queueOne();
  await simulator.until(({ runners }) => runners.length === 0);
  expect(simulator.state().jobs).toMatchObject([{ status: 'queued', runnerName: null }]);
  const other = await listening('other');
  expect(await other.poll()).toMatchObject({ name: 'J' });
  const still = Symbol('still listening');
  expect(await Promise.race([poll, Promise.resolve(still)])).toBe(still);
  expect(await ghost.close()).toBe(204);
  expect(await poll).toBe(404);
});

test('a token can be refused from now on, while another is accepted', async () => {
  simulator.addFault({ kind: 'token-refused', token: 'token-one' });
  expect(errorOf(await rest('GET', repo))).toEqual({ status: 401, message: 'Bad credentials' });
  expect((await restClient(simulator, 'token-two')('GET', repo)).status).toBe(200);
  simulator.clearFaults();
  expect((await rest('GET', repo)).status).toBe(200);
});

test('a deprecated runner gets no session', async () => {
  simulator.addFault({ kind: 'version-deprecated' });
  const { encoded_jit_config: jit } = await register(rest, 'a');
  expect(await new ProtocolRunner(simulator, jit).open()).toBe(426);
  simulator.clearFaults();
  expect(await new ProtocolRunner(simulator, jit).open()).toBe(200);
});

describe('an outage', () => {
  test.each(['status', 'refuse'] as const)(
    'of kind %s is there for REST and runners alike, until it is over',
    async (mode) => {
      const { encoded_jit_config: jit } = await register(rest, 'a');
      const runner = new ProtocolRunner(simulator, jit);
      simulator.addFault({ kind: 'outage', mode });
      const outcomes = [];
      for (const call of [async () => (await rest('GET', repo)).status, () => runner.open()]) {
        outcomes.push(await call().catch(() => 'dropped'));
      }
      expect(outcomes).toEqual(mode === 'refuse' ? ['dropped', 'dropped'] : [503, 503]);
      simulator.clearFaults();
      expect([(await rest('GET', repo)).status, await runner.open()]).toEqual([200, 200]);
    },
  );
});

test('a fault that is not one is refused', () => {
  expect(() => simulator.addFault({ kind: 'status', status: 99 })).toThrow();
});
