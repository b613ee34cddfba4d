import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Dispatcher } from '../../../../simulators/github/state/dispatcher.js';
import { Faults } from '../../../../simulators/github/state/faults.js';
import { RunnerRegistry } from '../../../../simulators/github/state/runner-registry.js';
import { WorkflowRuns } from '../../../../simulators/github/state/workflow-runs.js';

const options = { pollMs: 50_000, idleTimeoutMs: 3_000, busyTimeoutMs: 10_000, runnerVersion: '1.0.0' };

let faults: Faults;
let registry: RunnerRegistry;
let runs: WorkflowRuns;
let dispatcher: Dispatcher;

beforeEach(() => {
  jest.useFakeTimers();
  const changed = () => undefined;
  faults = new Faults();
  registry = new RunnerRegistry();
  runs = new WorkflowRuns({ changed, queued: (job) => dispatcher.offer(job) });
  dispatcher = new Dispatcher(registry, runs, faults, options, changed);
});

afterEach(() => {
  dispatcher.stop();
  jest.useRealTimers();
});

function open() {
  const runner = registry.register({
    scope: 'repository',
    name: 'r1',
    labels: ['self-hosted'],
    groupId: 1,
    at: Date.now(),
  });
  if (runner === 'name-taken') throw new Error(runner);
  const session = dispatcher.open(runner.id, runner.clientId);
  if (typeof session === 'string') throw new Error(session);
  return { runner, sessionId: session.sessionId };
}
/** A runner that holds a job. */
async function busy() {
  const { runner, sessionId } = open();
  const [job] = runs.add({
    workflow: 'CI',
    jobs: [{ id: 'a', name: 'A', runsOn: ['self-hosted'], durationMs: 1 }],
  }).jobs;
  if (!job) throw new Error('no job');
  expect(await dispatcher.poll(sessionId, new AbortController().signal)).toBe(job);
  return { runner, sessionId, job };
}

test('an open poll keeps a runner online, and without one it is offline after 3 s', async () => {
  const { runner, sessionId } = open();
  const connection = new AbortController();
  const poll = dispatcher.poll(sessionId, connection.signal);
  jest.advanceTimersByTime(49_999);
  expect(runner.status).toBe('online');
  connection.abort();
  expect(await poll).toBe('nothing');
  jest.advanceTimersByTime(2_999);
  expect(runner.status).toBe('online');
  jest.advanceTimersByTime(1);
  expect(runner.status).toBe('offline');
});

test('a session that never polls is offline after 3 s', () => {
  const { runner } = open();
  jest.advanceTimersByTime(3_000);
  expect(runner.status).toBe('offline');
});

test('a poll ends after 50 s without a job', async () => {
  const { sessionId } = open();
  const poll = dispatcher.poll(sessionId, new AbortController().signal);
  jest.advanceTimersByTime(50_000);
  expect(await poll).toBe('nothing');
});

test('a second poll of a session ends the first, and gets the job', async () => {
  const { sessionId } = open();
  const polls = [1, 2].map(() => dispatcher.poll(sessionId, new AbortController().signal));
  const [job] = runs.add({
    workflow: 'CI',
    jobs: [{ id: 'a', name: 'A', runsOn: ['self-hosted'], durationMs: 1 }],
  }).jobs;
  expect(await Promise.all(polls)).toEqual(['nothing', job]);
});

test('a busy runner keeps its job as long as it renews, and loses it 10 s after the last time', async () => {
  const { runner, sessionId, job } = await busy();
  jest.advanceTimersByTime(9_999);
  expect(dispatcher.renew(job.id, sessionId)).toEqual({ cancelled: false });
  jest.advanceTimersByTime(9_999);
  expect(job.status).toBe('in_progress');
  jest.advanceTimersByTime(1);
  expect(job).toMatchObject({ status: 'completed', conclusion: 'failure', lost: true });
  expect(runner).toMatchObject({ status: 'offline', busy: false });
  expect(dispatcher.renew(job.id, sessionId)).toBe('not-found');
  const next = dispatcher.poll(sessionId, new AbortController().signal);
  runs.add({ workflow: 'CI', jobs: [job.spec] });
  jest.advanceTimersByTime(50_000);
  expect([await next, runner.status]).toEqual(['nothing', 'offline']);
});

test('an outage takes no job from a runner that can’t renew', async () => {
  const { sessionId, job } = await busy();
  faults.add({ kind: 'outage' });
  jest.advanceTimersByTime(3_600_000);
  faults.clear();
  expect(dispatcher.renew(job.id, sessionId)).toEqual({ cancelled: false });
  expect(dispatcher.complete(job.id, sessionId, 'success')).toBe('done');
  expect(job).toMatchObject({ conclusion: 'success', lost: false });
});

test('a silent runner of a cancelled run has not lost its job', async () => {
  const { job } = await busy();
  for (const run of runs.runs()) runs.cancel(run);
  jest.advanceTimersByTime(10_000);
  expect(job).toMatchObject({ conclusion: 'cancelled', lost: false });
});

test('GitHub cancels a job that takes longer than its workflow allows', async () => {
  const { sessionId } = open();
  const timed = { id: 'a', name: 'A', runsOn: ['self-hosted'], durationMs: 1, timeoutMinutes: 0.1 };
  const [job] = runs.add({ workflow: 'CI', jobs: [timed] }).jobs;
  if (!job) throw new Error('no job');
  await dispatcher.poll(sessionId, new AbortController().signal);
  jest.advanceTimersByTime(6_000);
  expect(dispatcher.renew(job.id, sessionId)).toEqual({ cancelled: true });
});

test('a runner that lost its assignment gets no other job, however often it polls', async () => {
  const { sessionId } = open();
  faults.add({ kind: 'lost-assignment', requeueAfterMs: 1_000 });
  const first = dispatcher.poll(sessionId, new AbortController().signal);
  const [job] = runs.add({
    workflow: 'CI',
    jobs: [{ id: 'a', name: 'A', runsOn: ['self-hosted'], durationMs: 1 }],
  }).jobs;
  jest.advanceTimersByTime(1_000);
  const second = dispatcher.poll(sessionId, new AbortController().signal);
  jest.advanceTimersByTime(50_000);
  expect(await Promise.all([first, second])).toEqual(['nothing', 'nothing']);
  expect(job).toMatchObject({ status: 'queued', runnerName: null });
  expect(registry.list()).toEqual([]);
});
