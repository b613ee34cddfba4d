import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rename, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  connectRunner,
  failureOf,
  jitRoute,
  labels,
  repository,
  runnerRoute,
  runnersRoute,
  startGithub,
  token,
  workflowRun,
  type GithubFixture,
} from './github-fixture.js';

const list = `GET ${runnersRoute}`;
const register = `POST ${jitRoute}`;
const name = 'cdk-runner-01-3a1f9-r0';

let fixture: GithubFixture;
beforeEach(async () => {
  fixture = await startGithub();
});
afterEach(async () => {
  const { contractViolations } = fixture.github.state();
  await fixture.close();
  expect(contractViolations).toEqual([]);
});

describe('runners', () => {
  test('registers a runner, finds it by name and by id, and removes it', async () => {
    const { client } = fixture;
    const { runnerId } = await client.generateJitConfig({ name, labels });
    const runner = { id: runnerId, name, status: 'offline', busy: false };
    expect(await client.listRunners()).toEqual([runner]);
    expect(await client.findRunner(name)).toEqual(runner);
    expect(await client.getRunner(runnerId)).toEqual(runner);
    expect(await client.deleteRunner({ id: runnerId, name })).toBe('removed');
    expect(await client.deleteRunner({ id: runnerId, name })).toBe('gone');
    expect(await client.getRunner(runnerId)).toBeNull();
    expect(fixture.requests()).toMatchObject({ [`DELETE ${runnerRoute}`]: 2, [`GET ${runnerRoute}`]: 2 });
    expect(await client.findRunner(name)).toBeNull();
  });

  test('registers with exactly the labels and the configuration that GitHub gave', async () => {
    const { jitConfig } = await fixture.client.generateJitConfig({ name, labels });
    expect(fixture.github.secrets()).toContain(jitConfig);
    expect(fixture.github.state().runners).toMatchObject([{ name, labels, groupId: 1 }]);
  });

  test('reads all 235 runners of three pages', async () => {
    const names = Array.from({ length: 235 }, (_, slot) => `cdk-runner-01-3a1f9-r${slot}`);
    const { github } = fixture;
    const headers = { authorization: `Bearer ${token}` };
    for (const each of names) {
      const body = JSON.stringify({ name: each, runner_group_id: 1, labels });
      await fetch(`${github.url}/repos/${repository}/actions/runners/generate-jitconfig`, {
        method: 'POST',
        headers,
        body,
      });
    }
    expect((await fixture.client.listRunners()).map((runner) => runner.name)).toEqual(names);
    expect(fixture.requests()[list]).toBe(3);
  });

  test('says that a runner which is running a job is busy', async () => {
    const { client, github } = fixture;
    const { runnerId, jitConfig } = await client.generateJitConfig({ name, labels });
    github.queueWorkflowRun(workflowRun(['build']));
    await (await connectRunner(github.url, jitConfig)).takeJob();
    expect(await client.deleteRunner({ id: runnerId, name })).toBe('busy');
  });

  test('registers an organisation’s runner in its group', async () => {
    await fixture.close();
    fixture = await startGithub({ runnerGroups: [1, 7] });
    const client = fixture.another({ scope: { organisation: 'cashubtc', runnerGroupId: 7 } });
    const { runnerId } = await client.generateJitConfig({ name, labels });
    expect(await client.listRunners()).toEqual([{ id: runnerId, name, status: 'offline', busy: false }]);
    expect(fixture.github.state().runners).toMatchObject([{ scope: 'organization', groupId: 7 }]);
  });
});

describe('refusals', () => {
  test('a refused token, a missing permission and a missing repository have one text', async () => {
    const { client, github, tokenFile } = fixture;
    for (const status of [401, 403, 404]) {
      github.addFault({ kind: 'status', status, message: 'Not for you', route: runnersRoute });
      expect(await failureOf(client.listRunners())).toMatchObject({
        type: 'GithubUnauthorized',
        message: expect.stringMatching(
          new RegExp(
            `^GitHub answered ${status} when asked to list the runners of ${repository} \\(request [0-9A-F]+\\): ` +
              `the token in ${tokenFile} is wrong or expired, or it lacks the permission ` +
              `Administration \\(read and write\\), or repository ${repository} does not exist\\.$`,
          ),
        ),
      });
    }
    expect(fixture.requests()[list]).toBe(3);
  });

  test('a name that is taken is asked for once', async () => {
    await fixture.client.generateJitConfig({ name, labels });
    const { type } = await failureOf(fixture.client.generateJitConfig({ name, labels }));
    expect({ type, calls: fixture.requests()[register] }).toEqual({ type: 'RunnerNameTaken', calls: 2 });
  });

  test('a label that GitHub does not accept is a fault of the configuration', async () => {
    const { type } = await failureOf(fixture.client.generateJitConfig({ name, labels: ['x'.repeat(257)] }));
    expect({ type, calls: fixture.requests()[register] }).toEqual({ type: 'ConfigInvalid', calls: 1 });
  });
});

describe('trouble', () => {
  test.each([
    ['a 500', { kind: 'status', status: 500 }],
    ['a 503', { kind: 'status', status: 503 }],
    ['a dropped connection', { kind: 'drop' }],
  ] as const)('asks for a list again after %s', async (_title, fault) => {
    fixture.github.addFault({ ...fault, route: runnersRoute, times: 2 });
    expect(await fixture.client.listRunners()).toEqual([]);
    expect(fixture.requests()[list]).toBe(3);
  });

  test.each([
    ['a 502 after the work', { kind: 'status', status: 502, afterWork: true }, 'GitHub answered 502'],
    [
      'a dropped connection after the work',
      { kind: 'drop', afterWork: true },
      'GitHub did not answer (UND_ERR_SOCKET)',
    ],
    ['a 500', { kind: 'status', status: 500 }, 'GitHub answered 500'],
  ] as const)('never registers twice: %s is told at once', async (_title, fault, message) => {
    fixture.github.addFault({ ...fault, route: jitRoute });
    const told = await failureOf(fixture.client.generateJitConfig({ name, labels }));
    expect(told).toMatchObject({ type: 'GithubUnavailable', message: expect.stringContaining(message) });
    expect(fixture.requests()[register]).toBe(1);
  });

  test('gives up on a list after three calls', async () => {
    fixture.github.addFault({ kind: 'outage' });
    expect((await failureOf(fixture.client.listRunners())).type).toBe('GithubUnavailable');
    expect(fixture.requests()[list]).toBe(3);
  });

  test('does not pause longer for the trouble of the call before', async () => {
    fixture.github.addFault({ kind: 'outage' });
    await failureOf(fixture.client.listRunners());
    const started = performance.now();
    await failureOf(fixture.client.listRunners());
    // 0.25 s and 1 s between the three calls.
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  test('gives up on an answer that takes too long', async () => {
    const client = fixture.another({ timeoutMs: 50 });
    fixture.github.addFault({ kind: 'delay', delayMs: 500, route: jitRoute });
    const told = await failureOf(client.generateJitConfig({ name, labels }));
    expect(told).toMatchObject({
      type: 'GithubUnavailable',
      message: `GitHub did not answer (timed out) when asked to register runner ${name}.`,
    });
  });

  test('names the fault of a GitHub that is not there', async () => {
    await fixture.github.close();
    expect(await failureOf(fixture.client.generateJitConfig({ name, labels }))).toMatchObject({
      type: 'GithubUnavailable',
      message: `GitHub did not answer (ECONNREFUSED) when asked to register runner ${name}.`,
    });
  });

  test.each<[string, RequestListener]>([
    ['of another shape', (_request, response) => response.end('{"message":"hello"}')],
    ['without a body', (_request, response) => response.end()],
    [
      'that breaks off',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{"total_count":0,', () => response.destroy());
      },
    ],
  ])('never takes an answer %s for an empty list', async (_title, listener) => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const client = fixture.another({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect((await failureOf(client.listRunners())).type).toBe('GithubUnavailable');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('rate limits', () => {
  test('waits as long as GitHub says, and asks nothing meanwhile', async () => {
    const { client, github } = fixture;
    github.addFault({ kind: 'status', status: 403, retryAfterS: 30, route: runnersRoute });
    expect(await failureOf(client.listRunners())).toMatchObject({
      type: 'GithubRateLimited',
      message: expect.stringContaining('its rate limit allows the next call in 30 s'),
      retryAfterMs: 30_000,
    });
    const calls = await Promise.all([
      failureOf(client.findRunner(name)),
      failureOf(client.generateJitConfig({ name, labels })),
      failureOf(client.listWorkflowRuns('queued', 10)),
    ]);
    for (const { type, retryAfterMs } of calls) {
      expect(type).toBe('GithubRateLimited');
      expect(retryAfterMs).toBeGreaterThan(29_000);
      expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    }
    expect(await client.health()).toMatchObject({ ok: false });
    expect(fixture.requests()).toEqual({ [list]: 1 });
  });

  test('asks again once the wait is over', async () => {
    const { client, github } = fixture;
    github.addFault({ kind: 'status', status: 429, retryAfterS: 1, route: runnersRoute });
    const { retryAfterMs } = await failureOf(client.listRunners());
    await new Promise((resolve) => setTimeout(resolve, Number(retryAfterMs)));
    expect(await client.listRunners()).toEqual([]);
  });

  test.each([
    ['a 429 without a header', { status: 429 }],
    [
      'a 403 without a header that links to the secondary limits',
      {
        status: 403,
        body: {
          message: 'Slow down',
          documentation_url:
            'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits',
        },
      },
    ],
  ])('waits for a minute after %s', async (_title, fault) => {
    fixture.github.addFault({ kind: 'status', route: runnersRoute, ...fault });
    expect(await failureOf(fixture.client.listRunners())).toMatchObject({
      type: 'GithubRateLimited',
      retryAfterMs: 60_000,
    });
  });

  test('waits for the reset of a primary limit, which leaves other limits alone', async () => {
    await fixture.close();
    fixture = await startGithub({ rateLimits: { core: 1, windowMs: 600_000 } });
    const { client } = fixture;
    expect(await client.listRunners()).toEqual([]);
    const { type, retryAfterMs } = await failureOf(client.findRunner(name));
    expect(type).toBe('GithubRateLimited');
    expect(retryAfterMs).toBeGreaterThan(598_000);
    expect(retryAfterMs).toBeLessThan(602_001);
    expect((await client.generateJitConfig({ name, labels })).runnerId).toBeGreaterThan(0);
    expect(await client.health()).toEqual({ ok: true });
    expect(client.counters()).toMatchObject({ remaining: 0, limit: 1, blockedUntil: expect.any(Number) });
    expect(client.isBudgetLow()).toBe(true);
  });

  test('registers a pool of 14 at once', async () => {
    const names = Array.from({ length: 14 }, (_, slot) => `cdk-runner-01-3a1f9-r${slot}`);
    const started = performance.now();
    await Promise.all(names.map((each) => fixture.client.generateJitConfig({ name: each, labels })));
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('ETags', () => {
  test('60 looks at an idle pool count as one call', async () => {
    for (let look = 0; look < 60; look += 1) await fixture.client.listRunners();
    expect(fixture.github.state().requests).toMatchObject({
      total: 60,
      counted: { core: 1 },
      notModified304: 59,
    });
    expect(fixture.client.counters()).toEqual({
      requests: 60,
      counted: 1,
      notModified: 59,
      unanswered: 0,
      limit: 5000,
      remaining: 4999,
      resetAt: expect.any(Number),
      blockedUntil: null,
    });
  });

  test('a change is seen at once', async () => {
    const { client } = fixture;
    expect(await client.listRunners()).toEqual([]);
    const { runnerId } = await client.generateJitConfig({ name, labels });
    expect(await client.listRunners()).toEqual([{ id: runnerId, name, status: 'offline', busy: false }]);
  });
});

describe('the token', () => {
  const second = 'github_pat_test_second';

  test('is read again when its file changes', async () => {
    await fixture.close();
    fixture = await startGithub({ tokens: [token, second] });
    const { client, github, tokenFile } = fixture;
    await client.listRunners();
    github.addFault({ kind: 'token-refused', token });
    expect((await failureOf(client.listRunners())).type).toBe('GithubUnauthorized');
    await writeFile(`${tokenFile}.new`, second);
    await rename(`${tokenFile}.new`, tokenFile);
    expect(await client.listRunners()).toEqual([]);
    expect(client.counters()).toMatchObject({ notModified: 0 });
  });

  test('makes no call when its file is missing', async () => {
    const client = fixture.another({ auth: { tokenFile: '/nonexistent/token' } });
    expect(await failureOf(client.listRunners())).toMatchObject({
      type: 'ConfigInvalid',
      message: 'The GitHub token file /nonexistent/token does not exist.',
    });
    expect(fixture.requests()).toEqual({});
  });

  test('is in no error and no log, nor is a JIT configuration', async () => {
    const { client, github, logged } = fixture;
    await client.generateJitConfig({ name, labels });
    const told = [await failureOf(client.generateJitConfig({ name, labels }))];
    for (const status of [401, 403, 404, 422, 429, 500]) {
      github.addFault({ kind: 'status', status, route: jitRoute, afterWork: true });
      told.push(await failureOf(fixture.another({}).generateJitConfig({ name: `${name}${status}`, labels })));
    }
    github.addFault({ kind: 'drop', route: jitRoute, afterWork: true });
    told.push(await failureOf(client.generateJitConfig({ name: `${name}1`, labels })));
    const everything = [
      ...told.map((error) => error.everything),
      ...logged,
      JSON.stringify(client.counters()),
    ].join();
    expect([token, 'sim-jit-', ...github.secrets()].filter((secret) => everything.includes(secret))).toEqual(
      [],
    );
    expect(github.secrets().length).toBeGreaterThan(1);
  });
});

describe('health', () => {
  test('costs nothing', async () => {
    expect(await fixture.client.health()).toEqual({ ok: true });
    expect(fixture.github.state().requests.counted).toEqual({});
    expect(fixture.client.counters().counted).toBe(0);
  });

  test('says what is wrong', async () => {
    fixture.github.addFault({ kind: 'token-refused' });
    const { ok, detail } = await fixture.client.health();
    expect({ ok, detail }).toEqual({
      ok: false,
      detail: expect.stringMatching(/^GitHub answered 401 .* wrong or expired/),
    });
  });
});

test('a runner is looked up, and never removed, by a fault of the look-up', async () => {
  fixture.github.addFault({ kind: 'status', status: 500, route: runnerRoute, times: 3 });
  expect((await failureOf(fixture.client.getRunner(1))).type).toBe('GithubUnavailable');
});
