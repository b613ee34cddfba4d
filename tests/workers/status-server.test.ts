import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { demandWorkflow } from '../../workflows/demand.js';
import { announcePoolSignal } from '../../workflows/messages.js';
import { demandWorkflowId, sharedTaskQueue } from '../../workflows/model.js';
import { createMetrics } from '../../workers/metrics.js';
import { createStatusServer } from '../../workers/status-server.js';
import { startGithub, token, type GithubFixture } from '../activities/github-fixture.js';
import { Environment } from '../workflows/environment.js';
import { configOf, PoolUnderTest } from '../workflows/pool-fixture.js';
import type { Site } from '../workflows/site.js';

jest.setTimeout(60_000);
let environment: Environment;
let site: Site;
let pool: PoolUnderTest;
let fixture: GithubFixture;
/** Exit code of `nixos-container list`. */
let exitCode = 0;

beforeAll(async () => {
  environment = await Environment.start();
  site = await environment.createSite();
  pool = await PoolUnderTest.full(environment, site);
  fixture = await startGithub();
  const { host, labels, pollIntervalMs, repository } = configOf(site);
  await environment.client.workflow.signalWithStart<
    typeof demandWorkflow,
    [{ host: string; labels: string[]; pollIntervalMs: number }]
  >('demandWorkflow', {
    workflowId: demandWorkflowId(repository),
    taskQueue: sharedTaskQueue,
    args: [{ repository }],
    signal: announcePoolSignal,
    signalArgs: [{ host, labels, pollIntervalMs }],
  });
});
afterAll(async () => {
  await pool.isFull();
  await pool.end();
  // One that ends while its activity runs leaves the test server's clock locked.
  await environment.client.workflow.getHandle(demandWorkflowId('cashubtc/cdk')).terminate();
  await environment.stop();
  await fixture.close();
});

async function get(url: string, changes: { host?: string } = {}) {
  const { host = site.host } = changes;
  const server = createStatusServer({
    config: { pool: { ...configOf(site), host }, nixosContainer: '/bin/nixos-container' },
    client: environment.client,
    github: fixture.client,
    metrics: createMetrics(host),
    runCommand: () => Promise.resolve({ exitCode, stdout: '', stderr: '' }),
  });
  try {
    const answer = await fetch(`${await server.listen({ host: '127.0.0.1', port: 0 })}${url}`);
    const type = answer.headers.get('content-type');
    return { statusCode: answer.status, body: await answer.text(), type };
  } finally {
    await server.close();
  }
}

test('health is good while Temporal, GitHub and nixos-container answer', async () => {
  const { statusCode, body } = await get('/health');
  expect([statusCode, JSON.parse(body)]).toEqual([
    200,
    { status: 'ok', temporal: { ok: true }, github: { ok: true }, containers: { ok: true } },
  ]);
});

test('health says what does not answer, and why', async () => {
  fixture.github.addFault({ kind: 'token-refused' });
  exitCode = 3;
  const { statusCode, body } = await get('/health');
  fixture.github.clearFaults();
  exitCode = 0;
  expect([statusCode, JSON.parse(body)]).toEqual([
    503,
    {
      status: 'failing',
      temporal: { ok: true },
      github: { ok: false, detail: expect.stringMatching(/^GitHub answered 401/) },
      containers: { ok: false, detail: '/bin/nixos-container list ended with exit code 3' },
    },
  ]);
  expect(body).not.toContain(token);
});

test('the status has all fields of the Rust controller, and ours besides', async () => {
  const name = await pool.begin();
  const { statusCode, body } = await get('/status');
  const status = JSON.parse(body) as Record<string, unknown> & { containers: { name: string }[] };
  expect(statusCode).toBe(200);
  expect(status).toMatchObject({
    pool_size: 2,
    active_containers: expect.any(Number),
    poll_interval_seconds: 10,
    job_timeout_seconds: 3600,
    runner_startup_timeout_seconds: 60,
    uptime_seconds: expect.any(Number),
    host: site.host,
    drain: null,
    demand: { queued: 0, oldest_queued_job: null, unservable: [], trouble: null },
  });
  expect(status.containers.find((container) => container.name === name)).toMatchObject({
    slot: expect.any(Number),
    running_seconds: expect.any(Number),
    busy_seconds: expect.any(Number),
    phase: 'busy',
    standby: false,
    job: { job: 'test', url: 'https://github.com/cashubtc/cdk/actions/runs/7/attempts/1' },
  });
  site.finishJob(name);
});

test('metrics are what a Prometheus reads', async () => {
  await pool.isFull();
  const { statusCode, body, type } = await get('/metrics');
  expect([statusCode, type]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
  expect(body).toContain(`runner_pool_runners{state="idle",host="${site.host}"} 2\n`);
  expect(body).toContain(`runner_pool_status_known{host="${site.host}"} 1\n`);
});

test('status and metrics say that there is no such pool', async () => {
  const [status, metrics] = [
    await get('/status', { host: 'nobody' }),
    await get('/metrics', { host: 'nobody' }),
  ];
  expect([status.statusCode, JSON.parse(status.body)]).toEqual([
    503,
    { error: expect.stringMatching(/^Temporal does not tell the pool's status: /) },
  ]);
  expect([metrics.statusCode, /^runner_pool_status_known\S+ (\d)$/m.exec(metrics.body)?.[1]]).toEqual([
    200,
    '0',
  ]);
});

test('no series of ours has a label for a runner, a job, a run or a branch (actions-runner-controller#3423)', async () => {
  const name = await pool.begin();
  const { body } = await get('/metrics');
  site.finishJob(name);
  const ours = body.split('\n').filter((line) => line.startsWith('runner_pool_'));
  const labels = ours.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label));
  expect([...new Set(labels)].sort()).toEqual(['host', 'outcome', 'part', 'result', 'state']);
  expect(body).not.toContain(name);
});
