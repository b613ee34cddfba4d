import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { errorOf, restClient, runnersPath } from './rest-client.js';

const newKeys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const { publicKey, privateKey } = newKeys();
const ignore = () => undefined;
const repository = { owner: 'cashubtc', repo: 'cdk' };

let simulator: GithubSimulator;

beforeEach(async () => {
  const app = { appId: 7, installationId: 70, publicKey, tokenLifeMs: 1_500 };
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: [], app });
});

afterEach(async () => {
  expect(simulator.state().contractViolations).toEqual([]);
  await simulator.close();
});

const octokit = (auth: Partial<{ appId: number; installationId: number; privateKey: string }> = {}) =>
  new Octokit({
    baseUrl: simulator.url,
    authStrategy: createAppAuth,
    auth: { appId: 7, installationId: 70, privateKey, ...auth },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
const installationToken = async () => {
  const auth = createAppAuth({ appId: 7, privateKey, request: octokit().request });
  return (await auth({ type: 'installation', installationId: 70, refresh: true })).token;
};

test('an App’s installation registers runners with a budget of its own', async () => {
  const { data, headers } = await octokit().actions.generateRunnerJitconfigForRepo({
    ...repository,
    name: 'a',
    runner_group_id: 1,
    labels: ['self-hosted'],
  });
  expect([data.runner.name, headers['x-ratelimit-used']]).toEqual(['a', '1']);
});

test('an App finds its installation on the repository', async () => {
  const { data } = await octokit().apps.getRepoInstallation(repository);
  expect([data.id, data.app_id]).toEqual([70, 7]);
});

test('an installation token expires, and the next one has other ETags', async () => {
  const first = restClient(simulator, await installationToken());
  const etag = (await first('GET', runnersPath)).headers.get('etag') ?? '';
  const conditional = { 'if-none-match': etag };
  expect((await first('GET', runnersPath, undefined, conditional)).status).toBe(304);
  await sleep(1_500);
  expect((await first('GET', runnersPath)).status).toBe(401);
  const second = restClient(simulator, await installationToken());
  expect((await second('GET', runnersPath, undefined, conditional)).status).toBe(200);
});

test.each([
  ['of another key', { privateKey: newKeys().privateKey }],
  ['of another App', { appId: 8 }],
])('a web token %s is refused', async (_what, change) => {
  await expect(octokit(change).actions.listSelfHostedRunnersForRepo(repository)).rejects.toThrow(
    'A JSON web token could not be decoded',
  );
});

test('an installation that is not there is not found', async () => {
  const stranger = octokit({ installationId: 71 });
  await expect(stranger.actions.listSelfHostedRunnersForRepo(repository)).rejects.toMatchObject({
    status: 404,
  });
});

test('what is no web token at all is refused', async () => {
  for (const token of ['nonsense', 'a.b.c', '..x']) {
    const answer = await restClient(simulator, token)('POST', '/app/installations/70/access_tokens');
    expect(errorOf(answer)).toEqual({ status: 401, message: 'A JSON web token could not be decoded' });
  }
});
