import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import type { JobSpec } from '../../../simulators/github/model.js';
import { readTree } from '../files.js';
import { register, restClient, runnersPath } from '../github/rest-client.js';
import { makeSimHost, type SimHost } from './sim-host.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

const name = '3a1f9-r0';
const runnerName = `cdk-runner-01-${name}`;
const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown as string;
let host: SimHost;
let github: GithubSimulator;

beforeEach(async () => {
  host = await makeSimHost();
  github = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
});
afterEach(async () => {
  await host.remove();
  await github.close();
});

const queue = (job: Partial<JobSpec> = {}) =>
  github.queueWorkflowRun({
    workflow: 'CI',
    jobs: [{ id: 'build', name: 'build', runsOn: ['self-hosted'], durationMs: 1, ...job }],
  });
const conclusions = () => github.state().jobs.map(({ conclusion }) => conclusion);
const status = async () => (await host.nixos('status', name)).stdout;
const jitconfig = async () => (await register(restClient(github), runnerName)).encoded_jit_config;

/** A container that has reported `booted`. */
async function standby() {
  await host.createRunner(name);
  await host.nixos('start', name);
  await host.event(name, 'booted');
}
/** A pipe: its end is the end of every process that has opened it for writing. */
async function makePipe() {
  const path = join(host.dir, 'pipe');
  await execa('mkfifo', [path]);
  const stream = createReadStream(path).resume();
  return { path, opened: once(stream, 'open'), ended: once(stream, 'end') };
}

test('lives as the contract says: booted, listening, job started, job completed, exited', async () => {
  const { runId } = queue();
  await standby();
  expect(await host.events(name)).toEqual(['booted']);
  await host.activate(name, await jitconfig());
  const exited = await host.event(name, 'exited');
  const job = {
    at,
    repository: 'cashubtc/cdk',
    workflow: 'CI',
    job: 'build',
    runId: String(runId),
    runAttempt: 1,
    runnerName,
  };
  expect({
    booted: await host.event(name, 'booted'),
    listening: await host.event(name, 'listening'),
    'job-started': await host.event(name, 'job-started'),
    'job-completed': await host.event(name, 'job-completed'),
    exited,
  }).toEqual({
    booted: { at },
    listening: { at },
    'job-started': job,
    'job-completed': job,
    exited: { at, exitCode: 0, serviceResult: 'success' },
  });
  expect(await host.events(name)).toEqual(['booted', 'exited', 'job-completed', 'job-started', 'listening']);
  expect(conclusions()).toEqual(['success']);
  expect(await status()).toBe('up');
});

test('finds a JIT configuration that was there before it booted', async () => {
  queue();
  await host.createRunner(name);
  await host.activate(name, await jitconfig());
  await host.nixos('start', name);
  await host.event(name, 'exited');
  expect(conclusions()).toEqual(['success']);
});

test('keeps to its delays', async () => {
  host.setDelays({ start: 0.3, boot: 0.2, listen: 0.2 });
  await host.createRunner(name);
  const begun = Date.now();
  await host.nixos('start', name);
  expect(Date.now() - begun).toBeGreaterThanOrEqual(300);
  expect(await host.events(name)).toEqual([]);
  await host.event(name, 'booted');
  expect(Date.now() - begun).toBeGreaterThanOrEqual(500);
  const activated = Date.now();
  await host.activate(name, await jitconfig());
  await host.event(name, 'listening');
  expect(Date.now() - activated).toBeGreaterThanOrEqual(200);
});

test('leaves logs that a collector can copy, and no JIT configuration once its job is done', async () => {
  queue({ script: 'echo printed by the job' });
  await standby();
  const config = await jitconfig();
  await host.activate(name, config);
  await host.event(name, 'exited');
  const lines = (await host.log(name)).replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, 'TIME').split('\n');
  expect(lines).toEqual([
    'systemd[1]: Reached target multi-user.target.',
    'systemd[1]: Started github-runner.service.',
    '',
    '√ Connected to GitHub',
    '',
    "Current runner version: '2.336.0'",
    'TIME: Listening for Jobs',
    'TIME: Running job: build',
    'TIME: Job build completed with result: Succeeded',
    'systemd[1]: github-runner.service: exited, code=0, result=success',
    '',
  ]);
  const diag = join(host.rootDir, name, 'var/lib/github-runner/_diag');
  const worker = (await readdir(diag)).find((file) => file.startsWith('Worker_'));
  expect(await readFile(join(diag, worker ?? ''), 'utf8')).toBe('printed by the job\n');
  const written = await readTree(host.rootDir);
  expect(github.secrets().filter((secret) => written.includes(secret))).toEqual([]);
});

test('keeps only the credentials of its runner while it listens', async () => {
  await standby();
  const config = await jitconfig();
  await host.activate(name, config);
  await host.event(name, 'listening');
  expect(await readTree(join(host.rootDir, name))).not.toContain(config);
  const root = join(host.rootDir, name, 'var/lib/github-runner');
  expect((await readdir(root)).sort()).toEqual([
    '.credentials',
    '.credentials_rsaparams',
    '.runner',
    '_diag',
  ]);
});

test('gives its job nothing of the environment of the command that started it', async () => {
  host.setEnv('GITHUB_TOKEN_FILE', '/run/secrets/token');
  queue({ script: 'env | cut -d= -f1 > "$RUNNER_TEMP/env"' });
  await standby();
  await host.activate(name, await jitconfig());
  await host.event(name, 'exited');
  const env = await readFile(join(host.rootDir, name, 'var/lib/github-runner/_work/_temp/env'), 'utf8');
  const names = env.trimEnd().split('\n');
  expect(names).toContain('RUNNER_ROOT');
  expect(names.filter((variable) => /TOKEN|NIXOS|CONTAINER|JIT/.test(variable))).toEqual([]);
});

test('reports the exit code of a runner that fails', async () => {
  github.addFault({ kind: 'version-deprecated' });
  await standby();
  await host.activate(name, await jitconfig());
  expect(await host.event(name, 'exited')).toEqual({ at, exitCode: 7, serviceResult: 'exit-code' });
  expect(await host.events(name)).toEqual(['booted', 'exited']);
});

test('reports a JIT configuration that is none, without repeating it', async () => {
  await standby();
  await host.activate(name, 'sim-jit-nonsense');
  expect(await host.event(name, 'exited')).toEqual({ at, exitCode: 1, serviceResult: 'exit-code' });
  expect(await host.log(name)).not.toContain('sim-jit');
});

test('stops while it waits to be activated', async () => {
  await standby();
  expect(await host.nixos('stop', name)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect({ status: await status(), events: await host.events(name) }).toEqual({
    status: 'down',
    events: ['booted'],
  });
});

test('lets its runner report the job as cancelled when it is stopped', async () => {
  const pipe = await makePipe();
  queue({ script: `exec > ${pipe.path}; sleep 30` });
  await standby();
  await host.activate(name, await jitconfig());
  await pipe.opened;
  await host.nixos('stop', name);
  await pipe.ended;
  expect(conclusions()).toEqual(['cancelled']);
  expect(await host.event(name, 'exited')).toEqual({ at, exitCode: 0, serviceResult: 'success' });
});

test('makes its idle runner offline when it is stopped', async () => {
  await standby();
  await host.activate(name, await jitconfig());
  await host.event(name, 'listening');
  await host.nixos('stop', name);
  expect(github.state().runners.map(({ name: runner, status }) => [runner, status])).toEqual([
    [runnerName, 'offline'],
  ]);
});

test('takes a job with it when it is terminated, even what has left the session', async () => {
  const pipe = await makePipe();
  queue({ script: `exec > ${pipe.path}; setsid setsid sleep 30 & sleep 30` });
  await standby();
  await host.activate(name, await jitconfig());
  await pipe.opened;
  await host.nixos('destroy', name);
  await pipe.ended;
  expect((await host.leftovers()).exitCode).toBe(0);
});

test('is down when its process is killed, and can be started again', async () => {
  await standby();
  const pid = await host.pid(name);
  process.kill(pid, 'SIGKILL');
  await host.gone(pid);
  expect(await status()).toBe('down');
  await host.nixos('start', name);
  expect(await status()).toBe('up');
});

test('goes on when its host has removed the shared directories', async () => {
  await standby();
  await rm(join(host.dir, 'runtime'), { recursive: true });
  expect(await status()).toBe('up');
  await host.nixos('stop', name);
  expect(await status()).toBe('down');
});

test('goes on listening after its registration was removed', async () => {
  await standby();
  await host.activate(name, await jitconfig());
  await host.event(name, 'listening');
  const [runner] = github.state().runners;
  await restClient(github)('DELETE', `${runnersPath}/${runner?.id}`);
  expect(github.state().runners).toEqual([]);
  expect(await host.events(name)).toEqual(['booted', 'listening']);
  await host.nixos('stop', name);
  expect(await host.event(name, 'exited')).toEqual({ at, exitCode: 0, serviceResult: 'success' });
});

test('costs little: sixteen at once, each with less than 16 MB', async () => {
  const names = Array.from({ length: 16 }, (_, slot) => `3a1f9-r${slot}`);
  await Promise.all(names.map((container) => host.createRunner(container)));
  await Promise.all(names.map((container) => host.nixos('start', container)));
  await Promise.all(names.map((container) => host.event(container, 'booted')));
  const memory = await Promise.all(
    names.map(async (container) => {
      const text = await readFile(`/proc/${await host.pid(container)}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]);
    }),
  );
  expect(Math.max(...memory)).toBeLessThan(16 * 1024);
});
