import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunnerRecord } from '../../scripts/lib/history.js';
import type { StatusReport } from '../../scripts/lib/status-text.js';
import type { Host } from '../../simulators/stack/host.js';
import { startStack, type Stack } from '../../simulators/stack/stack.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import { full, job, poolUntil } from '../e2e/watching.js';
import { json, run, start, temporalOnly } from './commands.js';

// One host with two runners and one on standby; the tests follow one upon the other.
const layout = {
  name: 'cdk-runner-01',
  labels: ['self-hosted', 'nix'],
  env: { MAX_CONCURRENT: '2', POLL_INTERVAL: '0.2' },
};
let stack: Stack;
let host: Host;
let env: Record<string, string>;

beforeAll(async () => {
  stack = await startStack({
    hosts: [layout],
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
  });
  const [only] = stack.hosts;
  if (!only) throw new Error('the stack has no host');
  host = only;
  env = temporalOnly(host);
  await host.start();
  await isFull();
}, 120_000);

afterAll(async () => await stack.stop(), 60_000);

const isFull = async () => await poolUntil(stack, host.name, full);

/** Queues a job, and waits until the pool says that it runs; returns its container. */
async function running(name: string, durationMs: number): Promise<string> {
  stack.github.queueWorkflowRun({ workflow: 'CI', jobs: [job(name, durationMs)] });
  const { runners } = await poolUntil(stack, host.name, ({ runners }) =>
    runners.some((each) => each.job?.job === name),
  );
  return runners.find((each) => each.job?.job === name)?.name ?? '';
}

/** Lines without times, and with one space where there are columns. */
const lines = (stdout: string) =>
  stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' ').replace(/^\d\d:\d\d:\d\d /, ''));

test('status tells what runs, what waits and what GitHub has', async () => {
  const name = await running('measure', 8_000);
  stack.github.queueWorkflowRun({
    workflow: 'CI',
    jobs: [{ ...job('mac', 1_000), runsOn: ['macos-latest'] }],
  });
  await poolUntil(stack, host.name, ({ counts, runners }) => counts.busy === 1 && runners.length === 3);
  const report = json<StatusReport>(await run(host.env, 'runner-status', '--json'));
  const { pool, worker, github, demand } = report;
  expect({
    host: report.host,
    active: worker.active,
    busy: pool.runners.filter(({ phase }) => phase === 'busy').map((each) => [each.name, each.job?.job]),
    onGithub: github.runners?.map((runner) => runner.busy).sort(),
    unservable: demand?.unservable.map(({ jobs }) => jobs.map((each) => each.name)),
  }).toEqual({
    host: 'cdk-runner-01',
    active: true,
    busy: [[name, 'measure']],
    onGithub: [false, true],
    unservable: [['mac']],
  });
}, 60_000);

test('status needs no token, and says what it could not ask', async () => {
  await isFull();
  const { exitCode, stdout, stderr } = await run(env, 'runner-status');
  const text = lines(stdout);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(text[0]).toBe('cdk-runner-01 cashubtc/cdk self-hosted, nix');
  expect(text[2]).toMatch(/^Controller active \(process \d+, asked for work .+ ago\)$/);
  expect(text.slice(3, 5)).toEqual([
    'Pool 2 runners at most, 2 kept idle, 1 on standby, looks every 200ms, a job may take 2h',
    'Containers 3/3: 2 idle, 1 standby',
  ]);
  expect(text[5]).toMatch(/^GitHub as the pool saw it .+ ago \(not asked: GITHUB_REPO is not set: /);
  expect(text.slice(6, 10)).toEqual([
    'Queue no job waits for this pool',
    'No pool for 1 job that asks for macos-latest: mac',
    '',
    'SLOT CONTAINER PHASE FOR GITHUB JOB',
  ]);
  expect(text).toHaveLength(13);
}, 60_000);

test('status of all pools finds this one', async () => {
  const reports = json<StatusReport[]>(
    await run({ TEMPORAL_ADDRESS: env['TEMPORAL_ADDRESS'] ?? '' }, 'runner-status', '--all', '--json'),
  );
  expect(reports.map((report) => report.host)).toEqual(['cdk-runner-01']);
}, 60_000);

test('a host without a pool is told in a sentence', async () => {
  const sentence =
    "Temporal's namespace default has no running pool/cdk-runner-09: is the name right, and has a worker ever started it?";
  const commands = ['runner-status', 'runner-drain', 'runner-resume', 'cleanup-all-containers'];
  const ended = await Promise.all(commands.map((command) => run(env, command, '--host', 'cdk-runner-09')));
  expect(ended).toEqual(
    commands.map((command) => ({ exitCode: 1, stdout: '', stderr: `${command}: ${sentence}` })),
  );
}, 60_000);

test('drain --wait lasts until the running job is done and nothing is left', async () => {
  const name = await running('last', 4_000);
  const { exitCode, stdout, stderr } = await run(env, 'runner-drain', '--reason', 'new kernel', '--wait');
  const told = lines(stdout);
  expect({ exitCode, stderr, first: told.slice(0, 2), last: told.at(-1) }).toEqual({
    exitCode: 0,
    stderr: '',
    first: [
      'cdk-runner-01 starts no further job, letting 1 running job finish.',
      'Waiting until it is empty; Ctrl-C ends the waiting, not the drain.',
    ],
    last: 'cdk-runner-01 is empty: no container, no registration.',
  });
  expect(told).toContain(`${name} gone`);
  expect(told.some((line) => line.startsWith(`${name} busy with CI / last, for`))).toBe(true);
  expect(stack.github.state().runners).toEqual([]);
  expect(stack.github.state().jobs.find((each) => each.name === 'last')?.conclusion).toBe('success');
}, 60_000);

test('a drained pool stays so, with its reason, until it is resumed', async () => {
  const drained = json<StatusReport>(await run(env, 'runner-status', '--json')).pool.drain;
  expect(drained).toEqual({ mode: 'finish-jobs', reason: 'new kernel', since: expect.any(Number) });
  expect((await run(env, 'runner-resume')).stdout).toMatch(/^cdk-runner-01 takes jobs again, after .+\.$/);
  expect((await run(env, 'runner-resume')).stdout).toBe(
    'cdk-runner-01 takes jobs again: it was not drained.',
  );
  await isFull();
}, 60_000);

test('drain --wait gives up when its time is up, and leaves the drain in force', async () => {
  const name = await running('long', 60_000);
  const { exitCode, stderr } = await run(env, 'runner-drain', '--wait', '--timeout', '1');
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr:
      `runner-drain: The time of 1 s is up, and these are left: ${name} (busy with CI / long). ` +
      'The order stands: runner-status shows how it goes on.',
  });
}, 60_000);

test('drain --now ends the running job too', async () => {
  const { exitCode, stdout } = await run(env, 'runner-drain', '--now', '--wait', '--json');
  const {
    host: name,
    empty,
    drain,
  } = JSON.parse(stdout) as { host: string; empty: boolean; drain: { mode: string } };
  expect({ exitCode, name, empty, mode: drain.mode }).toEqual({
    exitCode: 0,
    name: 'cdk-runner-01',
    empty: true,
    mode: 'now',
  });
  await run(env, 'runner-resume');
  await isFull();
}, 60_000);

test('drain --wait ends when somebody else resumes the pool', async () => {
  await running('victim', 600_000);
  const waiting = start(env, 'runner-drain', '--wait');
  await once(createInterface({ input: waiting.stdout }), 'line');
  await run(env, 'runner-resume');
  const { exitCode, stderr } = await waiting;
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'runner-drain: cdk-runner-01 has been resumed meanwhile: it takes jobs.',
  });
}, 60_000);

test('cleanup does nothing without a word from a person', async () => {
  expect(await run(env, 'cleanup-all-containers')).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'cleanup-all-containers: Nobody is there to confirm: say --yes if you mean it. Nothing was done.',
  });
}, 60_000);

test('cleanup destroys every container that was there, busy ones too, and the pool fills up again', async () => {
  const isSettled = ({ counts }: PoolStatus) =>
    counts.busy === 1 && counts.available === 1 && counts.standby === 1;
  const before = await poolUntil(
    stack,
    host.name,
    (status) => isSettled(status) && status.runners.length === 3,
  );
  const ended = await run(env, 'cleanup-all-containers', '--yes', '--json', '--reason', 'a bad image');
  expect({ ...json<object>(ended), exitCode: ended.exitCode }).toEqual({
    exitCode: 0,
    host: 'cdk-runner-01',
    destroyed: before.runners.map((runner) => runner.name).sort(),
    registrationsLeft: [],
    drained: false,
  });
  const after = await isFull();
  const survivors = after.runners.filter(({ name }) => before.runners.some((runner) => runner.name === name));
  expect(survivors).toEqual([]);
}, 90_000);

test('history tells each runner’s job and end, newest first', async () => {
  const records = json<RunnerRecord[]>(await run(env, 'runner-history', '--json', '--limit', '100'));
  const closed = records.map(({ closedAt }) => closedAt);
  expect(closed).toEqual([...closed].sort().reverse());
  const jobs = records.flatMap(({ timeline }) =>
    timeline?.job ? [[timeline.job.job, timeline.outcome, timeline.endReason]] : [],
  );
  expect(jobs.sort()).toEqual([
    ['last', 'completed', 'job-done'],
    ['long', 'interrupted', 'drain'],
    ['measure', 'completed', 'job-done'],
    ['victim', 'interrupted', 'cleanup'],
  ]);
}, 60_000);

test('history shows the failed ones alone, with what a person needs to look further', async () => {
  const { exitCode, stdout } = await run(env, 'runner-history', '--failed', '--limit', '1');
  const [head, first, ...more] = lines(stdout);
  expect({ exitCode, head }).toEqual({ exitCode: 0, head: 'ENDED RUNNER OUTCOME LIVED IDLE RAN JOB' });
  expect(first).toMatch(/ ago cdk-runner-01-[0-9a-f]{5}-r\d+ interrupted \(cleanup\) .* CI \/ victim$/);
  expect(more).toEqual([
    expect.stringMatching(/^ https:\/\/github\.com\/cashubtc\/cdk\/actions\/runs\/\d+\/attempts\/1$/),
    ' a bad image',
    expect.stringMatching(/^ .*\/log\/cdk-runner-01-[0-9a-f]{5}-r\d+\.log\.gz$/),
  ]);
  expect((await run(env, 'runner-history', '--host', 'cdk-runner-0')).stdout).toBe('No runner has ended.');
}, 60_000);

test('nobody waits for a worker that is away', async () => {
  await host.stop();
  const nobody =
    'No worker answers for pool/cdk-runner-01: is runner-controller running on any host (systemctl status runner-controller)?';
  const commands = ['runner-status', 'runner-drain', 'runner-resume'];
  const ended = await Promise.all(commands.map((command) => run(env, command)));
  expect(ended).toEqual([
    { exitCode: 1, stdout: '', stderr: `runner-status: ${nobody}` },
    {
      exitCode: 1,
      stdout: '',
      stderr: `runner-drain: ${nobody} The order may still be carried out when one runs: look at runner-status then.`,
    },
    { exitCode: 1, stdout: '', stderr: `runner-resume: ${nobody}` },
  ]);
}, 60_000);
