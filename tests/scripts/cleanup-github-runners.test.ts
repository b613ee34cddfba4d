import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createGithubClient } from '../../activities/github-client.js';
import { startStack, type Stack } from '../../simulators/stack/stack.js';
import type { Host } from '../../simulators/stack/host.js';
import { runnerWorkflowId, sharedTaskQueue } from '../../workflows/model.js';
import { json, run } from './commands.js';

let stack: Stack;
let host: Host;

// No worker runs: registrations, containers and workflows are what the test makes them.
beforeEach(async () => {
  stack = await startStack({ hosts: [{ name: 'cdk-runner-1', labels: ['self-hosted'] }], delays: '' });
  const [only] = stack.hosts;
  if (!only) throw new Error('the stack has no host');
  host = only;
}, 60_000);

afterEach(async () => await stack.stop(), 60_000);

async function register(...names: string[]): Promise<void> {
  const scope = { repository: stack.github.repository };
  const client = createGithubClient({
    apiUrl: stack.github.url,
    scope,
    auth: { tokenFile: stack.tokenFile },
  });
  for (const name of names) await client.generateJitConfig({ name, labels: ['self-hosted'] });
}

const registered = () =>
  stack.github
    .state()
    .runners.map(({ name }) => name)
    .sort();

/** What each kind of evidence keeps, and what lies beside it and must not be touched. */
async function scene(): Promise<void> {
  await register(
    'cdk-runner-1-aaaa0-r0',
    'cdk-runner-1-aaaa1-r1',
    'cdk-runner-1-aaaa2-r2',
    'cdk-runner-1-aaaa3-r3',
  );
  await register('cdk-runner-11-aaaa0-r0', 'cdk-runner-1-b-aaaa0-r0', 'cdk-runner-1-manual', 'somebody');
  await execa(
    host.env['NIXOS_CONTAINER'] ?? '',
    ['create', 'aaaa1-r1', '--system-path', host.env['CONTAINER_SYSTEM'] ?? ''],
    {
      env: host.env,
    },
  );
  await stack.temporal.client.workflow.start('runnerWorkflow', {
    workflowId: runnerWorkflowId(host.name, 'aaaa2-r2'),
    taskQueue: sharedTaskQueue,
  });
}

const verdicts = (action: string) => [
  { runner: 'cdk-runner-1-aaaa0-r0', action, reason: 'offline, without container and workflow' },
  {
    runner: 'cdk-runner-1-aaaa1-r1',
    action: 'kept',
    reason: 'offline, but its container aaaa1-r1 is on this host',
  },
  {
    runner: 'cdk-runner-1-aaaa2-r2',
    action: 'kept',
    reason: 'offline, but its runner workflow still looks after it',
  },
  { runner: 'cdk-runner-1-aaaa3-r3', action, reason: 'offline, without container and workflow' },
];
const others = ['cdk-runner-1-b-aaaa0-r0', 'cdk-runner-1-manual', 'cdk-runner-11-aaaa0-r0', 'somebody'];

test('deletes what nothing stands behind, and never another host’s runner', async () => {
  await scene();
  const left = ['cdk-runner-1-aaaa1-r1', 'cdk-runner-1-aaaa2-r2'];
  expect(json(await run(host.env, 'cleanup-github-runners', '--json'))).toEqual({
    host: 'cdk-runner-1',
    dryRun: false,
    verdicts: verdicts('deleted'),
    left,
    otherRunners: 4,
  });
  expect(registered()).toEqual([...left, ...others].sort());
}, 60_000);

test('deletes nothing in a dry run', async () => {
  await scene();
  const before = registered();
  const { stdout, exitCode } = await run(host.env, 'cleanup-github-runners', '--dry-run');
  expect({ exitCode, lines: stdout.split('\n') }).toEqual({
    exitCode: 0,
    lines: [
      ...verdicts('would be deleted').map(
        ({ runner, action, reason }) => `${action.padEnd(17)} ${runner}  (${reason})`,
      ),
      '2 would be deleted, 2 kept; GitHub has 4 runners of cdk-runner-1 left, and 4 of others.',
    ],
  });
  expect(registered()).toEqual(before);
}, 60_000);

test('reads every page of GitHub’s list', async () => {
  for (let index = 0; index < 110; index += 1)
    await register(`cdk-runner-2-${index.toString(16).padStart(5, '0')}-r0`);
  await register('cdk-runner-1-aaaa0-r0');
  const { stdout } = await run(host.env, 'cleanup-github-runners');
  expect(stdout.split('\n')).toEqual([
    'deleted  cdk-runner-1-aaaa0-r0  (offline, without container and workflow)',
    '1 deleted, 0 kept; GitHub has 0 runners of cdk-runner-1 left, and 110 of others.',
  ]);
}, 120_000);

test('deletes nothing while Temporal can’t tell who looks after a runner', async () => {
  await register('cdk-runner-1-aaaa0-r0');
  const env = { ...host.env, TEMPORAL_ADDRESS: '127.0.0.1:9' };
  const { exitCode, stdout, stderr } = await run(env, 'cleanup-github-runners');
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr:
      'cleanup-github-runners: stopped after 0 runners: Temporal at 127.0.0.1:9 does not answer (Failed to connect before ' +
      'the deadline): is it running, and are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE right?',
  });
  expect(registered()).toEqual(['cdk-runner-1-aaaa0-r0']);
}, 60_000);

test('deletes nothing while the containers can’t be listed', async () => {
  await register('cdk-runner-1-aaaa0-r0');
  const { exitCode, stdout, stderr } = await run(
    { ...host.env, NIXOS_CONTAINER: '/nowhere' },
    'cleanup-github-runners',
  );
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'cleanup-github-runners: /nowhere list could not be started (ENOENT).',
  });
  expect(registered()).toEqual(['cdk-runner-1-aaaa0-r0']);
}, 60_000);

test('says in a sentence that GitHub refuses the token, and does not show it', async () => {
  stack.github.addFault({ kind: 'token-refused' });
  const { exitCode, stdout, stderr } = await run(host.env, 'cleanup-github-runners');
  expect({
    exitCode,
    stdout,
    hasToken: stderr.includes(stack.token),
    sentence: stderr.split(' (request')[0],
  }).toEqual({
    exitCode: 1,
    stdout: '',
    hasToken: false,
    sentence: 'cleanup-github-runners: GitHub answered 401 when asked to list the runners of cashubtc/cdk',
  });
}, 60_000);
