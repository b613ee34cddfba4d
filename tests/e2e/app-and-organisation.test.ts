import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cdkHosts, startStack, type Stack } from '../../simulators/stack/stack.js';
import { whereFound } from './secrets.js';
import { full, poolUntil } from './watching.js';

// Both hosts have a GitHub App's key and no token. The first serves the repository, the second its organisation.
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const app = { appId: 7, installationId: 70, publicKey };
const keys = mkdtempSync(join(tmpdir(), 'app-key-'));
const keyFile = join(keys, 'app.pem');
const runnerGroup = 3;
let stack: Stack;

beforeAll(async () => {
  writeFileSync(keyFile, privateKey, { mode: 0o400 });
  const credentials = {
    GITHUB_APP_ID: String(app.appId),
    GITHUB_APP_INSTALLATION_ID: String(app.installationId),
    GITHUB_APP_PRIVATE_KEY_FILE: keyFile,
    MAX_CONCURRENT: '2',
  };
  const organisation = { GITHUB_ORG: 'cashubtc', GITHUB_RUNNER_GROUP_ID: String(runnerGroup) };
  stack = await startStack({
    hosts: cdkHosts.map((host, index) => ({
      ...host,
      env: index === 0 ? credentials : { ...credentials, ...organisation },
    })),
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
    github: { app, runnerGroups: [1, runnerGroup] },
  });
  for (const { env } of stack.hosts) delete env['GITHUB_TOKEN_FILE'];
  delete stack.hosts[1]?.env['GITHUB_REPO'];
  await Promise.all(stack.hosts.map((host) => host.start()));
  await Promise.all(stack.hosts.map(({ name }) => poolUntil(stack, name, full)));
}, 120_000);

afterAll(async () => {
  await stack.stop();
  rmSync(keys, { recursive: true });
}, 60_000);

test('the pools register at the repository, and in the runner group of the organisation', () => {
  const registered = stack.github
    .state()
    .runners.map(
      ({ name, scope, groupId }) => `${name.slice(0, 'cdk-runner-01'.length)} ${scope} ${groupId}`,
    );
  expect(registered.sort()).toEqual([
    'cdk-runner-01 repository 1',
    'cdk-runner-01 repository 1',
    'cdk-runner-02 organization 3',
    'cdk-runner-02 organization 3',
  ]);
});

test('each of them runs the jobs that ask for it', async () => {
  const jobs = ['fuzz-a', 'fuzz-b'].flatMap((label) =>
    [1, 2, 3].map((index) => ({
      id: `${label}-${index}`,
      name: `${label} ${index}`,
      runsOn: ['self-hosted', label],
      durationMs: 50,
    })),
  );
  stack.github.queueWorkflowRun({ workflow: 'CI', jobs });
  const state = await stack.github.until(
    (seen) => seen.jobs.every(({ status }) => status === 'completed'),
    60_000,
  );
  const where = state.jobs.map(
    ({ name, conclusion, lost, runnerName }) =>
      `${name.slice(0, 'fuzz-a'.length)} ${conclusion} ${lost} ${runnerName?.slice(0, 'cdk-runner-01'.length)}`,
  );
  expect(where.sort()).toEqual([
    ...Array<string>(3).fill('fuzz-a success false cdk-runner-01'),
    ...Array<string>(3).fill('fuzz-b success false cdk-runner-02'),
  ]);
}, 90_000);

test('the key is nowhere but in its file, and no request breaks the contract of GitHub', async () => {
  const [, line = ''] = privateKey.split('\n');
  expect(await whereFound(stack, [line, ...stack.github.secrets()])).toEqual([]);
  expect(stack.github.state().contractViolations).toEqual([]);
}, 60_000);
