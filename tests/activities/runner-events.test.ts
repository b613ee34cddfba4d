import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunnerEventActivities } from '../../activities/runner-events.js';
import { createRuntimeDir, handOver, removeRuntimeDir } from '../../activities/runtime-dir.js';
import { activityEnvironment, report } from './host-fixture.js';

const name = '3a1f9-r0';
const at = '2026-11-24T10:00:00.250Z';
const time = Date.parse(at);
const job = {
  repository: 'cashubtc/cdk',
  workflow: 'CI',
  job: 'checks',
  runId: '18234567890',
  runAttempt: 1,
  runnerName: `cdk-runner-01-${name}`,
};

let base: string;
let runtimeDir: string;
let out: string;
let activities: ReturnType<typeof createRunnerEventActivities>;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'runner-events-'));
  runtimeDir = join(base, 'runtime');
  out = (await createRuntimeDir(runtimeDir, name)).out;
  activities = createRunnerEventActivities({ runtimeDir });
});
afterEach(() => rm(base, { recursive: true, force: true }));

const read = () => activities.readRunnerEvents({ name });

test('reads a whole life', async () => {
  await report(runtimeDir, name, 'booted', { at });
  await report(runtimeDir, name, 'listening', { at: '2026-11-24T11:00:00.250+01:00' });
  await report(runtimeDir, name, 'job-started', { at, ...job, unknown: 'dropped' });
  await report(runtimeDir, name, 'job-completed', { at, ...job });
  await report(runtimeDir, name, 'exited', { at, exitCode: 0, serviceResult: 'success' });
  await handOver(runtimeDir, name, 'secret');
  expect(await read()).toEqual({
    booted: { at: time },
    listening: { at: time },
    'job-started': { at: time, ...job },
    'job-completed': { at: time, ...job },
    exited: { at: time, exitCode: 0, serviceResult: 'success' },
    refused: [],
    handedOver: true,
  });
});

test('reads nothing where nothing is reported', async () => {
  expect(await read()).toEqual({ refused: [], handedOver: false });
});

test.each<[string, string, () => Promise<unknown>]>([
  [
    'a link to a secret',
    'booted is a symbolic link.',
    async () => {
      await writeFile(join(base, 'secret'), JSON.stringify({ at }));
      await symlink(join(base, 'secret'), join(out, 'booted'));
    },
  ],
  ['a link to nowhere', 'booted is a symbolic link.', () => symlink('/nowhere', join(out, 'booted'))],
  [
    'a second name of a file',
    'booted has 2 names.',
    async () => {
      await writeFile(join(base, 'other'), JSON.stringify({ at }));
      await link(join(base, 'other'), join(out, 'booted'));
    },
  ],
  ['a FIFO', 'booted is not a regular file.', () => execa('mkfifo', [join(out, 'booted')])],
  ['a device', 'booted is not a regular file.', () => execa('mknod', [join(out, 'booted'), 'c', '1', '5'])],
  ['a directory', 'booted is not a regular file.', () => mkdir(join(out, 'booted'))],
  [
    'a file of 1 MB',
    'booted is larger than 16384 bytes.',
    () => report(runtimeDir, name, 'booted', { at, padding: 'x'.repeat(1_000_000) }),
  ],
  ['malformed JSON', 'booted is not JSON.', () => report(runtimeDir, name, 'booted', '{"at":')],
  ['an empty file', 'booted is not JSON.', () => report(runtimeDir, name, 'booted', '')],
  [
    'no object',
    'booted is not as agreed: Invalid input: expected object, received null.',
    () => report(runtimeDir, name, 'booted', 'null'),
  ],
  [
    'a time that is none',
    'booted is not as agreed: at Invalid ISO datetime.',
    () => report(runtimeDir, name, 'booted', { at: 'yesterday' }),
  ],
  [
    'a wrong type',
    'job-started is not as agreed: runAttempt Invalid input: expected number, received string.',
    () => report(runtimeDir, name, 'job-started', { at, ...job, runAttempt: '1' }),
  ],
  [
    'a run id that would end up in a link',
    'job-started is not as agreed: runId is not a run id.',
    () => report(runtimeDir, name, 'job-started', { at, ...job, runId: '1/../../settings' }),
  ],
  [
    'control characters',
    'job-completed is not as agreed: job has control characters.',
    () => report(runtimeDir, name, 'job-completed', { at, ...job, job: 'checks\u001b[2J' }),
  ],
  [
    'text that turns around',
    'job-completed is not as agreed: workflow has control characters.',
    () => report(runtimeDir, name, 'job-completed', { at, ...job, workflow: 'CI\u202e' }),
  ],
  [
    'a name that is too long',
    'job-started is not as agreed: runnerName Too big: expected string to have <=64 characters.',
    () => report(runtimeDir, name, 'job-started', { at, ...job, runnerName: 'x'.repeat(65) }),
  ],
  [
    'an exit code that is none',
    'exited is not as agreed: exitCode Too big: expected number to be <=255.',
    () => report(runtimeDir, name, 'exited', { at, exitCode: 4096, serviceResult: 'success' }),
  ],
])('refuses %s', async (_what, sentence, attack) => {
  await attack();
  expect(await read()).toEqual({ refused: [sentence], handedOver: false });
});

test('reads a file that is replaced all the time either as it was or as it will be', async () => {
  const long = { at, exitCode: 1, serviceResult: 'x'.repeat(64) };
  let replacing = true;
  const attack = (async () => {
    for (let round = 0; replacing; round += 1) {
      if (round % 3 === 0) await report(runtimeDir, name, 'exited', long);
      if (round % 3 === 1) await report(runtimeDir, name, 'exited', { at, exitCode: 2, serviceResult: 'y' });
      if (round % 3 === 2) await rm(join(out, 'exited'), { force: true });
    }
  })();
  const seen = new Set<string>();
  for (let look = 0; look < 200; look += 1) seen.add(JSON.stringify((await read()).exited));
  replacing = false;
  await attack;
  const possible = [undefined, { at: time, exitCode: 1, serviceResult: 'x'.repeat(64) }];
  const expected = [...possible, { at: time, exitCode: 2, serviceResult: 'y' }].map((value) =>
    JSON.stringify(value),
  );
  expect([...seen].filter((value) => !expected.includes(value))).toEqual([]);
});

test('tells that the container is lost when its directory is gone', async () => {
  await removeRuntimeDir(runtimeDir, name);
  await expect(read()).rejects.toMatchObject({
    type: 'ContainerLost',
    nonRetryable: true,
    message: `The container is gone: its directory ${out} does not exist any more.`,
  });
});

test('returns at once what is reported already', async () => {
  await report(runtimeDir, name, 'exited', { at, exitCode: 7, serviceResult: 'exit-code' });
  const { environment } = activityEnvironment();
  const awaited = environment.run(() =>
    activities.awaitRunnerEvent({ name, until: ['listening', 'exited'] }),
  );
  expect(await awaited).toEqual({
    exited: { at: time, exitCode: 7, serviceResult: 'exit-code' },
    refused: [],
  });
});

/** Starts to wait, and goes on when the directory is watched and has been read for the first time. */
async function waiting(until: Parameters<typeof activities.awaitRunnerEvent>[0]['until']) {
  const { environment } = activityEnvironment();
  const awaited = environment.run(() => activities.awaitRunnerEvent({ name, until }));
  awaited.catch(() => undefined);
  await read();
  return { environment, awaited };
}

test('returns as soon as an awaited event is reported, and not before', async () => {
  const { awaited } = await waiting(['job-started']);
  await report(runtimeDir, name, 'listening', { at });
  await report(runtimeDir, name, 'job-started', 'not JSON');
  expect(await read()).toMatchObject({ listening: { at: time } });
  const begun = performance.now();
  await report(runtimeDir, name, 'job-started', { at, ...job });
  expect(await awaited).toEqual({
    listening: { at: time },
    'job-started': { at: time, ...job },
    refused: [],
  });
  // Far less than the look that covers for a lost notification.
  expect(performance.now() - begun).toBeLessThan(1_000);
});

test('notices that the directory is removed under it', async () => {
  const { awaited } = await waiting(['booted']);
  const begun = performance.now();
  await removeRuntimeDir(runtimeDir, name);
  await expect(awaited).rejects.toMatchObject({ type: 'ContainerLost' });
  expect(performance.now() - begun).toBeLessThan(1_000);
});

test('is not held up by a container that floods its directory', async () => {
  const { awaited } = await waiting(['exited']);
  await Promise.all(
    Array.from({ length: 2_000 }, (_value, index) => writeFile(join(out, `flood-${index}`), '')),
  );
  await report(runtimeDir, name, 'exited', { at, exitCode: 0, serviceResult: 'success' });
  expect(await awaited).toEqual({ exited: { at: time, exitCode: 0, serviceResult: 'success' }, refused: [] });
});

test.each(['CANCELLED', 'WORKER_SHUTDOWN'] as const)('ends at once on %s', async (reason) => {
  const { environment, awaited } = await waiting(['booted']);
  environment.cancel(reason);
  await expect(awaited).rejects.toMatchObject({ name: 'CancelledFailure', message: reason });
});

test('heartbeats from the start', async () => {
  const { environment } = activityEnvironment();
  const beat = new Promise((resolve) => environment.once('heartbeat', resolve));
  const awaited = environment.run(() => activities.awaitRunnerEvent({ name, until: ['booted'] }));
  await beat;
  await report(runtimeDir, name, 'booted', { at });
  await awaited;
});
