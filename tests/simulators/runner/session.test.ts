import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnersPath } from '../github/rest-client.js';
import { readTree, until } from '../files.js';
import { configuration, makeSite, timeless, type Site } from './runner-fixture.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

let site: Site;

beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => site.remove());

const statuses = () => site.github.state().runners.map(({ status }) => status);
const refuse = (route: string, status: number, times = 1) =>
  site.github.addFault({ kind: 'status', method: 'POST', route, status, times });

test.each(['SIGINT', 'SIGTERM'] as const)('says goodbye at %s while it is idle', async (signal) => {
  const runner = site.run(['run', '--jitconfig', await site.jitconfig()]);
  await site.online();
  runner.kill(signal);
  const { exitCode, all } = await runner;
  expect(timeless(all).slice(-2)).toEqual(['TIME: Listening for Jobs', 'Exiting...']);
  expect({ exitCode, statuses: statuses() }).toEqual({ exitCode: 0, statuses: ['offline'] });
  expect(await configuration(site.root)).toHaveLength(3);
});

test('exits with 1 when it is not configured', async () => {
  const { exitCode, all } = await site.run(['run']);
  expect({ exitCode, all }).toEqual({ exitCode: 1, all: 'Runner is not configured.' });
});

test('exits with 1 on a malformed configuration, and does not repeat it', async () => {
  const broken = [
    await site.run(['run', '--jitconfig', 'sim-jit-not-base64!']),
    await site.run(['run', '--jitconfig', Buffer.from('{"secret":"sim-jit-1"}').toString('base64')]),
  ];
  await writeFile(join(site.root, '.runner'), '{"AgentId":"sim-jit-2"}');
  await writeFile(join(site.root, '.credentials'), '[]');
  broken.push(await site.run(['run']));
  expect(broken.map(({ exitCode, all }) => ({ exitCode, all }))).toEqual([
    { exitCode: 1, all: 'The JIT configuration is malformed.' },
    { exitCode: 1, all: 'The JIT configuration is malformed.' },
    { exitCode: 1, all: 'The runner configuration is malformed.' },
  ]);
});

test('exits with 1 and its usage on a command line that it does not know', async () => {
  const { exitCode, all } = await site.run(['configure']);
  expect({ exitCode, first: all?.split('\n')[0] }).toEqual({ exitCode: 1, first: 'Commands:' });
});

test('exits with 1 when its registration was deleted', async () => {
  const jitconfig = await site.jitconfig();
  const [runner] = site.github.state().runners;
  await site.rest('DELETE', `${runnersPath}/${runner?.id}`);
  const { exitCode, all } = await site.run(['run', '--jitconfig', jitconfig]);
  expect({ exitCode, all }).toEqual({
    exitCode: 1,
    all: 'Failed to create a session. The runner registration has been deleted from the server, please re-configure.',
  });
});

test('exits with 5 when another runner keeps the session', async () => {
  const jitconfig = await site.jitconfig();
  const first = site.run(['run', '--jitconfig', jitconfig]);
  await site.online();
  const { exitCode, all } = await site.run(['run', '--jitconfig', jitconfig], {}, site.dir);
  expect({ exitCode, all: all?.split('\n') }).toEqual({
    exitCode: 5,
    all: ['A session for this runner already exists.', 'Failed to create session.'],
  });
  first.kill('SIGINT');
  await first;
});

test('tells of a deprecated version by exit code 7 only where that is asked for', async () => {
  site.github.addFault({ kind: 'version-deprecated' });
  const jitconfig = await site.jitconfig();
  const asked = { ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: 'true' };
  const runs = [
    await site.run(['run', '--jitconfig', jitconfig], asked),
    await site.run(['run', '--jitconfig', jitconfig]),
  ];
  const all = 'An error occurred: Runner version v2.336.0 is deprecated and cannot receive messages.';
  expect(runs.map((run) => ({ exitCode: run.exitCode, all: run.all }))).toEqual([
    { exitCode: 7, all },
    { exitCode: 1, all },
  ]);
});

test('exits with 2 when its session is refused for a reason that it does not know', async () => {
  refuse('/_runner/sessions', 400);
  expect((await site.run(['run', '--jitconfig', await site.jitconfig()])).exitCode).toBe(2);
});

test('connects once GitHub answers', async () => {
  refuse('/_runner/sessions', 503, 3);
  site.queue();
  const { exitCode, all } = await site.run(['run', '--jitconfig', await site.jitconfig()]);
  expect(timeless(all).filter((line) => line.includes('connect error'))).toEqual([
    'TIME: Runner connect error: HTTP status 503. Retrying until reconnected.',
  ]);
  expect({ exitCode, conclusions: site.conclusions() }).toEqual({ exitCode: 0, conclusions: ['success'] });
});

test('listens again after an outage', async () => {
  const runner = site.run(['run', '--jitconfig', await site.jitconfig()]);
  await site.online();
  site.github.addFault({
    kind: 'status',
    method: 'GET',
    route: '/_runner/sessions/{sessionId}/message',
    status: 502,
    times: 2,
  });
  const reconnected = new Promise<void>((resolve) => {
    runner.all?.on('data', (chunk: Buffer) => {
      if (String(chunk).includes('Runner reconnected.')) resolve();
    });
  });
  await reconnected;
  site.queue();
  expect((await runner).exitCode).toBe(0);
  expect(site.conclusions()).toEqual(['success']);
});

test('reports the end of its job once GitHub answers', async () => {
  refuse('/_runner/jobs/{jobId}/complete', 500, 2);
  site.queue();
  const { exitCode } = await site.run(['run', '--jitconfig', await site.jitconfig()]);
  expect({ exitCode, conclusions: site.conclusions() }).toEqual({ exitCode: 0, conclusions: ['success'] });
});

test('goes on listening for ever when GitHub has lost its registration (actions/runner#4617)', async () => {
  const runner = site.run(['run', '--jitconfig', await site.jitconfig()]);
  const { runners } = await site.online();
  await site.rest('DELETE', `${runnersPath}/${runners[0]?.id}`);
  await until(join(site.root, '_diag'), async () =>
    (await readTree(site.root)).includes('The session is gone.'),
  );
  expect(runner.exitCode).toBeNull();
  runner.kill('SIGTERM');
  const { exitCode, all } = await runner;
  expect({ exitCode, last: timeless(all).slice(-2) }).toEqual({
    exitCode: 0,
    last: ['TIME: Listening for Jobs', 'Exiting...'],
  });
});

test('writes no secret anywhere but into its configuration', async () => {
  site.queue();
  const jitconfig = await site.jitconfig();
  const { all } = await site.run(['run'], { ACTIONS_RUNNER_INPUT_JITCONFIG: jitconfig });
  const written = `${all}${await readTree(site.root)}`;
  expect(written).toContain('Running job: build');
  expect(site.github.secrets().filter((secret) => written.includes(secret))).toEqual([]);
});
