import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { cdkHosts, startStack, type Stack } from '../../simulators/stack/stack.js';
import { temporalCliPath } from '../../simulators/stack/temporal-cli.js';
import { drainUpdate, resumeUpdate } from '../../workflows/messages.js';
import { poolWorkflowId } from '../../workflows/model.js';
import { full, job, pool, poolUntil, timeline } from './watching.js';

// One host with three runners; the tests follow one upon the other, as days in its life.
const host = { name: 'cdk-runner-01', labels: cdkHosts[0]?.labels ?? [], env: { MAX_CONCURRENT: '3' } };
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    hosts: [host],
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
  });
  await worker().start();
  await poolUntil(stack, host.name, full);
}, 120_000);

afterAll(async () => await stack.stop(), 60_000);

const worker = () => {
  const [only] = stack.hosts;
  if (!only) throw new Error('the stack has no host');
  return only;
};

/** Queues a job and waits until a runner has it. */
async function running(name: string, durationMs: number): Promise<string> {
  stack.github.queueWorkflowRun({ workflow: 'CI', jobs: [job(name, durationMs)] });
  const state = await stack.github.until(
    ({ jobs }) => jobs.some((each) => each.name === name && each.status === 'in_progress'),
    30_000,
  );
  return state.jobs.find((each) => each.name === name)?.runnerName ?? '';
}

async function completed(name: string) {
  const done = (each: { name: string; status: string }) => each.name === name && each.status === 'completed';
  const state = await stack.github.until(({ jobs }) => jobs.some(done), 60_000);
  const found = state.jobs.find(done);
  return { conclusion: found?.conclusion, lost: found?.lost, runnerName: found?.runnerName };
}

async function command(...args: string[]): Promise<void> {
  await execa(temporalCliPath(), [
    'workflow',
    ...args,
    '-w',
    poolWorkflowId(host.name),
    '--address',
    stack.temporal.address,
  ]);
}

test('finishes a job, once, although the worker is killed under it and started again', async () => {
  const runnerName = await running('killed', 4_000);
  await worker().worker().kill();
  await worker().start();
  expect(await completed('killed')).toEqual({ conclusion: 'success', lost: false, runnerName });
  const { outcome, endReason, job: recorded, phases } = await timeline(stack, host.name, runnerName);
  expect({ outcome, endReason, job: recorded?.job, phases: phases.map(({ phase }) => phase) }).toEqual({
    outcome: 'completed',
    endReason: 'job-done',
    job: 'killed',
    phases: ['creating', 'standby', 'registering', 'idle', 'busy', 'removing', 'removed'],
  });
  await poolUntil(stack, host.name, full);
}, 120_000);

test('cancels no job when the worker is stopped in good order, and takes up where it was', async () => {
  const runnerName = await running('restarted', 3_000);
  await worker().stop();
  await worker().start();
  expect(await completed('restarted')).toEqual({ conclusion: 'success', lost: false, runnerName });
  expect((await timeline(stack, host.name, runnerName)).outcome).toBe('completed');
  await poolUntil(stack, host.name, full);
}, 120_000);

test('drains: idle runners go at once, a busy one serves its job to the end', async () => {
  const runnerName = await running('drained', 3_000);
  await pool(stack, host.name).executeUpdate(drainUpdate, { args: [{ reason: 'new kernel' }] });
  await poolUntil(stack, host.name, ({ runners }) => runners.every(({ phase }) => phase === 'busy'));
  expect(await completed('drained')).toEqual({ conclusion: 'success', lost: false, runnerName });
  const { drain, runners } = await poolUntil(stack, host.name, (status) => status.runners.length === 0);
  expect({ reason: drain?.reason, runners }).toEqual({ reason: 'new kernel', runners: [] });
  await pool(stack, host.name).executeUpdate(resumeUpdate, { args: [{}] });
  await poolUntil(stack, host.name, full);
}, 120_000);

test('obeys orders typed at the temporal command line, with input, with {} and with none', async () => {
  await command('signal', '--name', 'drain');
  await poolUntil(stack, host.name, ({ drain }) => drain?.mode === 'finish-jobs');
  await command('signal', '--name', 'resume', '-i', '{}');
  await poolUntil(stack, host.name, ({ drain }) => drain === null);
  await command('update', 'execute', '--name', 'resize', '-i', '{"maxConcurrentJobs":2}');
  await poolUntil(
    stack,
    host.name,
    ({ config, counts }) => config.maxConcurrentJobs === 2 && counts.available === 2,
  );
  await command('signal', '--name', 'resize', '-i', '{"maxConcurrentJobs":"many"}');
  const { rejected } = await poolUntil(stack, host.name, (status) => status.rejected.length > 0);
  expect(rejected.map(({ order, reason }) => `${order}: ${reason}`)).toEqual([
    'resize: resize: maxConcurrentJobs: Invalid input: expected number, received string',
  ]);
  await command('update', 'execute', '--name', 'resize', '-i', '{"maxConcurrentJobs":3,"warmRunners":3}');
  await poolUntil(stack, host.name, full);
}, 120_000);

test('takes a new container system into use without touching a busy runner', async () => {
  const runnerName = await running('old system', 4_000);
  const system = join(worker().directory, 'system-2');
  mkdirSync(system);
  writeFileSync(join(system, 'init'), '');
  await worker().stop();
  await worker().start({ CONTAINER_SYSTEM: system });
  expect(await completed('old system')).toEqual({ conclusion: 'success', lost: false, runnerName });
  const { runners } = await poolUntil(
    stack,
    host.name,
    (status) => full(status) && status.runners.every(({ outdated }) => !outdated),
  );
  expect(runners.map(({ phase }) => phase).sort()).toEqual(['idle', 'idle', 'idle', 'standby']);
}, 120_000);

test('destroys everything on cleanup, busy runners too, and fills up again', async () => {
  const runnerName = await running('cleaned up', 30_000);
  const before = (await poolUntil(stack, host.name, ({ counts }) => counts.busy === 1)).runners.map(
    ({ name }) => name,
  );
  await command('signal', '--name', 'cleanup', '-i', '{}');
  const { runners } = await poolUntil(
    stack,
    host.name,
    (status) => full(status) && status.runners.every(({ name }) => !before.includes(name)),
  );
  expect(runners).toHaveLength(4);
  expect((await timeline(stack, host.name, runnerName)).outcome).toBe('interrupted');
}, 120_000);

test('pauses and says so while GitHub refuses the token, and goes on when it takes it again', async () => {
  stack.github.addFault({ kind: 'token-refused' });
  const refused = await poolUntil(stack, host.name, ({ github }) => !github.ok);
  expect(refused.github).toMatchObject({ ok: false, type: 'GithubUnauthorized' });
  expect(refused.counts.available).toBe(3);
  stack.github.clearFaults();
  await poolUntil(stack, host.name, ({ github }) => github.ok, 90_000);
  expect(await running('after the refusal', 10)).toMatch(/^cdk-runner-01-[0-9a-f]{5}-r\d+$/);
}, 150_000);

test('keeps the logs of every runner that had a job', async () => {
  const { logs } = await timeline(stack, host.name, (await completed('after the refusal')).runnerName ?? '');
  const { stdout } = await execa('gzip', ['-dc', logs ?? '']);
  expect(stdout).toContain('Listening for Jobs');
}, 60_000);

test('shows a Prometheus how long its jobs waited', async () => {
  const url = worker().statusUrl().replace('/status', '/metrics');
  const counted = async () => {
    const text = await (await fetch(url)).text();
    return Number(/^runner_pool_job_queue_seconds_count\S* (\d+)$/m.exec(text)?.[1]);
  };
  // GitHub is asked about a job 15 s after its start.
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && !(await counted());) await sleep(500);
  expect(await counted()).toBeGreaterThan(0);
}, 60_000);
