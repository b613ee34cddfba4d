import { afterEach, expect, test } from '@jest/globals';
import {
  startGithubSimulator,
  type GithubSimulator,
  type GithubSimulatorOptions,
} from '../../../simulators/github/simulator.js';
import { errorOf, jitPath, register, repo, restClient, runnersPath } from './rest-client.js';

let simulator: GithubSimulator;

async function start(options: Partial<GithubSimulatorOptions> = {}) {
  simulator = await startGithubSimulator({
    repository: 'cashubtc/cdk',
    tokens: ['token-one', 'token-two'],
    ...options,
  });
  return restClient(simulator);
}

afterEach(async () => {
  expect(simulator.state().contractViolations).toEqual([]);
  await simulator.close();
});

const limitHeaders = (headers: Headers) =>
  Object.fromEntries(
    ['limit', 'remaining', 'used', 'resource'].map((name) => [name, headers.get(`x-ratelimit-${name}`)]),
  );

test('accepts its tokens only, in both ways to write them', async () => {
  const rest = await start();
  const withHeader = async (authorization: string) =>
    errorOf(await rest('GET', repo, undefined, { authorization }));
  expect(await withHeader('Bearer wrong')).toEqual({ status: 401, message: 'Bad credentials' });
  expect(await withHeader('')).toEqual({ status: 401, message: 'Requires authentication' });
  expect((await rest('GET', repo, undefined, { authorization: 'token token-one' })).status).toBe(200);
});

test('gives every answer a request id of its own', async () => {
  const rest = await start();
  const ids = [await rest('GET', repo), await rest('GET', `${runnersPath}/1`)].map(({ headers }) =>
    headers.get('x-github-request-id'),
  );
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain(null);
});

test('counts registrations in a bucket of their own, and both tokens of the person together', async () => {
  const rest = await start();
  const jit = await rest('POST', jitPath, { name: 'a', runner_group_id: 1, labels: ['self-hosted'] });
  expect(limitHeaders(jit.headers)).toEqual({
    limit: '10000',
    remaining: '9999',
    used: '1',
    resource: 'actions_runner_registration',
  });
  await rest('GET', runnersPath);
  const list = await restClient(simulator, 'token-two')('GET', runnersPath);
  expect(limitHeaders(list.headers)).toEqual({
    limit: '5000',
    remaining: '4998',
    used: '2',
    resource: 'core',
  });
  const reset = Number(list.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
  expect(Math.abs(reset - 3600)).toBeLessThan(5);
  expect((await rest('GET', '/rate_limit')).body).toMatchObject({
    resources: { core: { used: 2 }, actions_runner_registration: { used: 1 } },
  });
  expect(simulator.state().requests).toEqual({
    total: 4,
    counted: { core: 2, actions_runner_registration: 1 },
    notModified304: 0,
    byRoute: {
      'POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig': 1,
      'GET /repos/{owner}/{repo}/actions/runners': 2,
      'GET /rate_limit': 1,
    },
  });
});

test('answers 304 to who has the answer already, which costs nothing', async () => {
  const rest = await start();
  const first = await rest('GET', runnersPath);
  const etag = first.headers.get('etag') ?? '';
  const again = await rest('GET', runnersPath, undefined, { 'if-none-match': etag });
  expect([again.status, again.body, again.headers.get('x-ratelimit-used')]).toEqual([304, undefined, '1']);
  await register(rest, 'a');
  expect((await rest('GET', runnersPath, undefined, { 'if-none-match': etag })).status).toBe(200);
  expect(simulator.state().requests).toMatchObject({ counted: { core: 2 }, notModified304: 1 });
});

test('gives each token its own ETag of the same answer', async () => {
  const rest = await start();
  const etag = (await rest('GET', runnersPath)).headers.get('etag') ?? '';
  const other = await restClient(simulator, 'token-two')('GET', runnersPath, undefined, {
    'if-none-match': etag,
  });
  expect(other.status).toBe(200);
});

test('refuses what exceeds the rate limit', async () => {
  const rest = await start({ rateLimits: { core: 1 } });
  await rest('GET', repo);
  const refused = await rest('GET', repo);
  expect(errorOf(refused)).toEqual({ status: 403, message: 'API rate limit exceeded for user.' });
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
  expect((await rest('GET', '/rate_limit')).status).toBe(200);
});

test('refuses what exceeds the secondary limit and says when to come back', async () => {
  const rest = await start({ secondaryPointsPerMinute: 6 });
  await register(rest, 'a');
  await rest('GET', runnersPath);
  const refused = await rest('GET', runnersPath);
  expect(errorOf(refused)).toMatchObject({
    status: 403,
    message: expect.stringContaining('secondary rate limit'),
  });
  expect(refused.headers.get('retry-after')).toBe('60');
});
