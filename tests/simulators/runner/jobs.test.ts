import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../files.js';
import { configuration, makeSite, timeless, type Site } from './runner-fixture.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

let site: Site;

beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => site.remove());

/** Resolves when a job's script has made the file. */
const made = (name: string) => until(site.dir, () => existsSync(join(site.dir, name)));
/** Resolves when every process that holds the pipe open for writing has ended. */
async function ended(pipe: FileHandle): Promise<void> {
  await pipe.readFile();
  await pipe.close();
}
async function makePipe(): Promise<{ path: string; opened: Promise<FileHandle> }> {
  const path = join(site.dir, 'pipe');
  await execa('mkfifo', [path]);
  return { path, opened: open(path) };
}

test('serves one job, says so as the real one does, and forgets its registration', async () => {
  site.queue();
  const { exitCode, all } = await site.run(['run', '--jitconfig', await site.jitconfig()]);
  expect(timeless(all)).toEqual([
    '',
    '√ Connected to GitHub',
    '',
    "Current runner version: '2.336.0'",
    'TIME: Listening for Jobs',
    'TIME: Running job: build',
    'TIME: Job build completed with result: Succeeded',
  ]);
  expect(exitCode).toBe(0);
  expect(site.conclusions()).toEqual(['success']);
  expect(site.github.state().runners).toEqual([]);
  expect(await readdir(site.root)).toEqual(['_diag', '_work']);
  const logs = (await readdir(join(site.root, '_diag'))).map((name) => name.replace(/\d{8}-\d{6}/, 'TIME'));
  expect(logs.sort()).toEqual(['Runner_TIME-utc.log', 'Worker_TIME-utc.log']);
});

test('takes the JIT configuration from the environment, and keeps it from the job', async () => {
  site.queue({ script: 'env > "$RUNNER_TEMP/env"' });
  const jitconfig = await site.jitconfig();
  const { exitCode } = await site.run(['run'], { ACTIONS_RUNNER_INPUT_JITCONFIG: jitconfig });
  expect(exitCode).toBe(0);
  const env = await readFile(join(site.root, '_work/_temp/env'), 'utf8');
  expect(env).toContain('RUNNER_NAME=r1\n');
  expect(site.github.secrets().filter((secret) => env.includes(secret))).toEqual([]);
});

test('keeps its registration in files that only its user can read, and runs from them', async () => {
  const first = site.run(['run', '--jitconfig', await site.jitconfig()]);
  await site.online();
  first.kill('SIGINT');
  await first;
  const files = await configuration(site.root);
  expect(files).toEqual(['.credentials', '.credentials_rsaparams', '.runner']);
  const modes = await Promise.all(
    files.map(async (name) => (await stat(join(site.root, name))).mode & 0o777),
  );
  expect(modes).toEqual([0o600, 0o600, 0o600]);
  site.queue();
  expect((await site.run(['run'])).exitCode).toBe(0);
  expect(site.conclusions()).toEqual(['success']);
});

test("runs the job's script with bash in its workspace, with the job's environment", async () => {
  site.queue({
    script: 'pwd; echo "$GREETING from ${BASH##*/} for $GITHUB_REPOSITORY"',
    env: { GREETING: 'hello' },
  });
  await site.run(['run', '--jitconfig', await site.jitconfig()]);
  expect(site.conclusions()).toEqual(['success']);
  const diag = join(site.root, '_diag');
  const worker = (await readdir(diag)).find((name) => name.startsWith('Worker_'));
  const printed = await readFile(join(diag, worker ?? ''), 'utf8');
  expect(printed.split('\n')).toEqual([
    join(site.root, '_work/cdk/cdk'),
    'hello from bash for cashubtc/cdk',
    '',
  ]);
});

test('reports a script that fails, and still exits with 0', async () => {
  site.queue({ script: 'false\ntrue' });
  const { exitCode, all } = await site.run(['run', '--jitconfig', await site.jitconfig()]);
  expect(timeless(all).at(-1)).toBe('TIME: Job build completed with result: Failed');
  expect({ exitCode, conclusions: site.conclusions() }).toEqual({ exitCode: 0, conclusions: ['failure'] });
});

test('ends what a job has left running in the background', async () => {
  const pipe = await makePipe();
  site.queue({ script: `exec > ${pipe.path}; sleep 30 &` });
  await site.run(['run', '--jitconfig', await site.jitconfig()]);
  await ended(await pipe.opened);
});

test('gives both hooks what they report, before and after the job', async () => {
  const { runId } = site.queue({ script: `echo job >> ${site.dir}/order` });
  const names = ['REPOSITORY', 'WORKFLOW', 'JOB', 'RUN_ID', 'RUN_ATTEMPT', 'SERVER_URL'];
  const values = names.map((name) => `$GITHUB_${name}`).join(' ');
  const script = `echo "$0 ${values} $RUNNER_NAME" >> ${site.dir}/order`;
  const started = await site.hook('started.sh', script);
  const completed = await site.hook('completed.sh', script);
  await site.run(['run', '--jitconfig', await site.jitconfig()], {
    ACTIONS_RUNNER_HOOK_JOB_STARTED: started,
    ACTIONS_RUNNER_HOOK_JOB_COMPLETED: completed,
  });
  const reported = `cashubtc/cdk CI build ${runId} 1 https://github.com r1`;
  expect((await readFile(join(site.dir, 'order'), 'utf8')).split('\n')).toEqual([
    `${started} ${reported}`,
    'job',
    `${completed} ${reported}`,
    '',
  ]);
});

test('fails the job without its script when the started hook fails, and runs the completed hook all the same', async () => {
  site.queue({ script: `echo job >> ${site.dir}/order` });
  await site.run(['run', '--jitconfig', await site.jitconfig()], {
    ACTIONS_RUNNER_HOOK_JOB_STARTED: await site.hook('started.sh', 'exit 3'),
    ACTIONS_RUNNER_HOOK_JOB_COMPLETED: await site.hook('completed.sh', `echo completed >> ${site.dir}/order`),
  });
  expect(site.conclusions()).toEqual(['failure']);
  expect(await readFile(join(site.dir, 'order'), 'utf8')).toBe('completed\n');
});

test('fails the job when the completed hook fails or is not there', async () => {
  for (const path of [await site.hook('completed.sh', 'exit 1'), '/nowhere/completed.sh']) {
    site.queue();
    await site.run(['run', '--jitconfig', await site.jitconfig()], {
      ACTIONS_RUNNER_HOOK_JOB_COMPLETED: path,
    });
  }
  expect(site.conclusions()).toEqual(['failure', 'failure']);
});

test('kills all of a job that GitHub cancels', async () => {
  const pipe = await makePipe();
  const { runId } = site.queue({ script: `trap '' INT; exec > ${pipe.path}; sleep 30 & wait` });
  const runner = site.run(['run', '--jitconfig', await site.jitconfig()]);
  const handle = await pipe.opened;
  site.github.cancelRun(runId);
  const { exitCode, all } = await runner;
  expect(timeless(all).at(-1)).toBe('TIME: Job build completed with result: Canceled');
  expect({ exitCode, conclusions: site.conclusions() }).toEqual({ exitCode: 0, conclusions: ['cancelled'] });
  await ended(handle);
});

test.each(['SIGINT', 'SIGTERM'] as const)('reports its job as cancelled at %s', async (signal) => {
  site.queue({ script: `touch ${site.dir}/ready; sleep 30` });
  const runner = site.run(['run', '--jitconfig', await site.jitconfig()]);
  await made('ready');
  runner.kill(signal);
  const { exitCode, all } = await runner;
  expect(timeless(all).slice(-2)).toEqual(['Exiting...', 'TIME: Job build completed with result: Canceled']);
  expect({ exitCode, conclusions: site.conclusions() }).toEqual({ exitCode: 0, conclusions: ['cancelled'] });
});

test('gives up a job that it has lost', async () => {
  const strict = await makeSite({ busyTimeoutMs: 200 });
  try {
    strict.queue({ durationMs: 300_000 });
    const { exitCode, all } = await strict.run(['run', '--jitconfig', await strict.jitconfig()]);
    expect(timeless(all).at(-1)).toBe('TIME: Job build completed with result: Abandoned');
    expect({ exitCode, conclusions: strict.conclusions() }).toEqual({
      exitCode: 0,
      conclusions: ['failure'],
    });
  } finally {
    await strict.remove();
  }
});
