import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { operationIds } from '../../../simulators/github/contract/operations.js';
import { loadDescription } from '../../../simulators/github/contract/load-description.js';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { errorOf, jitPath, register, restClient, runnersPath, type RestClient } from './rest-client.js';

let simulator: GithubSimulator;
let rest: RestClient;

beforeEach(async () => {
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
  rest = restClient(simulator);
});

afterEach(() => simulator.close());

const violations = () => simulator.state().contractViolations;

test('GitHub’s description has every operation that the simulator answers', () => {
  expect(
    loadDescription()
      .operations.map(({ id }) => id)
      .sort(),
  ).toEqual([...operationIds].sort());
});

test('an answer that GitHub could not give becomes a 500 and is recorded', async () => {
  const body = { total_count: '1', runners: [{ id: 1 }] };
  simulator.addFault({ kind: 'status', status: 200, body });
  expect((await rest('GET', runnersPath)).status).toBe(500);
  expect(violations()).toEqual([
    {
      at: expect.any(Number),
      route: 'GET /repos/{owner}/{repo}/actions/runners',
      direction: 'response',
      status: 200,
      errors: [
        '/total_count must be integer',
        ...['name', 'os', 'status', 'busy', 'labels'].map(
          (name) => `/runners/0 must have required property '${name}'`,
        ),
      ],
    },
  ]);
});

test('a status that GitHub does not send is recorded', async () => {
  simulator.addFault({ kind: 'status', status: 418 });
  expect((await rest('GET', runnersPath)).status).toBe(500);
  expect(violations()).toMatchObject([
    { status: 418, errors: ['status 418 is neither described nor listed as undescribed'] },
  ]);
});

test('an error without GitHub’s shape is recorded', async () => {
  simulator.addFault({ kind: 'status', status: 404, body: { message: 7 } });
  expect((await rest('GET', `${runnersPath}/1`)).status).toBe(500);
  expect(violations()).toMatchObject([{ status: 404, errors: ['/message must be string'] }]);
});

test('a body where GitHub has none is recorded', async () => {
  const { runner } = await register(rest, 'a');
  simulator.addFault({ kind: 'status', status: 204, method: 'DELETE', body: {} });
  expect((await rest('DELETE', `${runnersPath}/${runner.id}`)).status).toBe(500);
  expect(violations()).toMatchObject([{ status: 204, errors: ['status 204 has no body'] }]);
});

test('a registration without its group is refused as GitHub does, and recorded', async () => {
  const answer = await rest('POST', jitPath, { name: 'a', labels: ['self-hosted'] });
  expect(errorOf(answer)).toEqual({
    status: 422,
    message: "Invalid request.\n\n/ must have required property 'runner_group_id'",
  });
  expect(violations()).toEqual([
    {
      at: expect.any(Number),
      route: 'POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig',
      direction: 'request',
      errors: ["/ must have required property 'runner_group_id'"],
    },
  ]);
});

test.each([
  ['without labels', { labels: [] }, '/labels must NOT have fewer than 1 items'],
  ['with a label that is no text', { labels: [7] }, '/labels/0 must be string'],
  ['with a group that is no number', { runner_group_id: 'one' }, '/runner_group_id must be integer'],
])('a registration %s is recorded', async (_how, change, error) => {
  const body = { name: 'a', runner_group_id: 1, labels: ['self-hosted'], ...change };
  expect((await rest('POST', jitPath, body)).status).toBe(422);
  expect(violations()).toMatchObject([{ direction: 'request', errors: [error] }]);
});

test.each([
  [
    'a misspelt parameter',
    'GET',
    `${runnersPath}?perpage=5`,
    '/query must NOT have additional properties: perpage',
  ],
  ['a page size that is no number', 'GET', `${runnersPath}?per_page=many`, '/query/per_page must be integer'],
  ['an id that is no number', 'GET', `${runnersPath}/abc`, '/path/runner_id must be integer'],
  ['a missing body', 'POST', jitPath, '/body is missing'],
])('%s is recorded', async (_what, method, path, error) => {
  expect((await rest(method, path)).status).toBeGreaterThanOrEqual(422);
  expect(violations()).toMatchObject([{ direction: 'request', errors: [error] }]);
});

test('a request that is not among the described operations is recorded', async () => {
  expect((await rest('PUT', runnersPath)).status).toBe(404);
  expect(violations()).toEqual([
    {
      at: expect.any(Number),
      route: 'PUT /repos/cashubtc/cdk/actions/runners',
      direction: 'request',
      errors: ['the simulated GitHub has no such operation'],
    },
  ]);
});

test('a body that is not JSON is answered as GitHub does', async () => {
  const response = await fetch(simulator.url + jitPath, {
    method: 'POST',
    headers: { authorization: 'Bearer token-one' },
    body: '{',
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ message: 'Problems parsing JSON' }),
  ]);
});

test('violations hold no value of the request, which could be a secret', async () => {
  const secret = 'ghp_secret';
  await rest('POST', jitPath, { name: [secret], runner_group_id: secret, labels: secret });
  expect(JSON.stringify(simulator.state())).not.toContain(secret);
});
