import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SimulatorState } from '../../../simulators/github/model.js';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { repo, restClient } from './rest-client.js';

let simulator: GithubSimulator;

beforeEach(async () => {
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
});

afterEach(() => simulator.close());

const send = (method: string, path: string, body?: unknown) =>
  fetch(`${simulator.url}/_sim/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
const state = async () => (await (await send('GET', 'state')).json()) as SimulatorState;

test('queues, approves and cancels over HTTP', async () => {
  const jobs = [
    { id: 'a', name: 'A', runsOn: ['self-hosted'], durationMs: 1 },
    { id: 'b', name: 'B', runsOn: ['self-hosted'], durationMs: 1, needsApproval: true },
  ];
  const response = await send('POST', 'workflow-runs', { workflow: 'CI', jobs });
  const run = (await response.json()) as { runId: number; jobs: { id: number; name: string }[] };
  expect([response.status, run]).toEqual([
    201,
    {
      runId: expect.any(Number),
      jobs: [
        { id: expect.any(Number), name: 'A' },
        { id: expect.any(Number), name: 'B' },
      ],
    },
  ]);
  await send('POST', `jobs/${run.jobs[1]?.id}/approve`);
  expect((await state()).jobs.map(({ name, status }) => [name, status])).toEqual([
    ['A', 'queued'],
    ['B', 'queued'],
  ]);
  await send('POST', `workflow-runs/${run.runId}/cancel`);
  expect((await state()).runs).toMatchObject([
    { id: run.runId, status: 'completed', conclusion: 'cancelled' },
  ]);
});

test('adds and clears faults over HTTP', async () => {
  const rest = restClient(simulator);
  expect((await send('POST', 'faults', { kind: 'outage' })).status).toBe(204);
  expect((await rest('GET', repo)).status).toBe(503);
  expect((await send('DELETE', 'faults')).status).toBe(204);
  expect((await rest('GET', repo)).status).toBe(200);
});

test.each([
  ['faults', { kind: 'flood' }],
  ['faults', { kind: 'status', status: 'bad' }],
  ['workflow-runs', { workflow: 'CI', jobs: [] }],
  ['workflow-runs', { workflow: 'CI', jobs: [{ id: 'a', name: 'A', runsOn: [], durationMs: 1 }] }],
])('says what is wrong with a body for %s', async (path, body) => {
  const response = await send('POST', path, body);
  expect([response.status, await response.json()]).toEqual([400, { message: expect.stringMatching(/./) }]);
});
