import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JobSpec } from '../../../simulators/github/model.js';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { ProtocolRunner, type HandedOutJob } from './protocol-runner.js';
import { errorOf, register, repo, restClient, type RestClient } from './rest-client.js';

let simulator: GithubSimulator;
let rest: RestClient;

beforeEach(async () => {
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
  rest = restClient(simulator);
});

afterEach(async () => {
  expect(simulator.state().contractViolations).toEqual([]);
  await simulator.close();
});

const job = (id: string, more: Partial<JobSpec> = {}): JobSpec => ({
  id,
  name: id.toUpperCase(),
  runsOn: ['self-hosted'],
  durationMs: 1,
  ...more,
});
const queue = (...jobs: JobSpec[]) => simulator.queueWorkflowRun({ workflow: 'CI', jobs });

async function listening(name: string, labels?: string[]): Promise<ProtocolRunner> {
  const runner = new ProtocolRunner(simulator, (await register(rest, name, labels)).encoded_jit_config);
  await runner.open();
  return runner;
}
/** Takes a job from a new runner. */
async function take(name: string, labels?: string[]): Promise<{ runner: ProtocolRunner; job: HandedOutJob }> {
  const runner = await listening(name, labels);
  const taken = await runner.poll();
  if (typeof taken === 'number') throw new Error(`no job for ${name}: ${taken}`);
  return { runner, job: taken };
}
const outcomes = () =>
  simulator.state().jobs.map(({ name, status, conclusion }) => [name, status, conclusion]);

describe('assignment', () => {
  test('gives a runner what it needs to run the job', async () => {
    const { runId, jobs } = queue(job('a', { script: 'true', env: { A: '1' }, durationMs: 5 }));
    expect((await take('r1')).job).toEqual({
      id: jobs[0]?.id,
      runId,
      runAttempt: 1,
      repository: 'cashubtc/cdk',
      workflow: 'CI',
      name: 'A',
      durationMs: 5,
      script: 'true',
      env: { A: '1' },
    });
  });

  test('hands the oldest job first to whoever asks', async () => {
    queue(job('a'), job('b'));
    queue(job('c'));
    const names = [];
    for (const name of ['r1', 'r2', 'r3']) names.push((await take(name)).job.name);
    expect(names).toEqual(['A', 'B', 'C']);
  });

  test('hands a new job to the runner that has listened longest', async () => {
    const [first, second] = [await listening('r1'), await listening('r2')];
    const polls = [first.poll(), second.poll()];
    // A runner is seen to listen once its poll has arrived, which the next answered request of its own proves.
    await first.renew(0);
    await second.renew(0);
    queue(job('a'));
    expect(await Promise.race(polls)).toMatchObject({ name: 'A' });
    expect(simulator.state().jobs[0]).toMatchObject({ runnerName: 'r1' });
  });

  test('needs a runner that carries every label of the job, in any case of letters', async () => {
    queue(
      job('mac', { runsOn: ['macos-latest'] }),
      job('fuzz', { runsOn: ['self-hosted', 'NIX', 'fuzz-a'] }),
    );
    const wrong = (await listening('r1', ['self-hosted', 'nix', 'fuzz-b'])).poll();
    const { job: taken } = await take('r2', ['Self-Hosted', 'nix', 'FUZZ-A']);
    expect(taken.name).toBe('FUZZ');
    queue(job('any'));
    expect(await wrong).toMatchObject({ name: 'ANY' });
    expect(outcomes()).toEqual([
      ['MAC', 'queued', null],
      ['FUZZ', 'in_progress', null],
      ['ANY', 'in_progress', null],
    ]);
  });

  test('makes the runner busy, and completion removes it and its session', async () => {
    queue(job('a'));
    const { runner, job: taken } = await take('r1');
    expect(simulator.state().runners).toMatchObject([{ name: 'r1', status: 'online', busy: true }]);
    expect(await runner.renew(taken.id)).toEqual({ cancelled: false });
    expect(await runner.complete(taken.id)).toBe(200);
    expect(simulator.state().runners).toEqual([]);
    expect([await runner.poll(), await runner.renew(taken.id), await runner.open()]).toEqual([404, 404, 404]);
    const [record] = simulator.state().jobs;
    expect(record).toMatchObject({ conclusion: 'success', runnerName: 'r1', lost: false });
    expect(record?.queuedAt).toBeLessThanOrEqual(record?.startedAt ?? 0);
    expect(record?.startedAt).toBeLessThanOrEqual(record?.completedAt ?? 0);
  });
});

describe('jobs that need others', () => {
  test('become queued when every job of the needed ids has completed, and GitHub lists them only then', async () => {
    const { runId } = queue(job('a'), job('a'), job('b', { needs: ['a'] }));
    const listed = async () =>
      ((await rest('GET', `${repo}/actions/runs/${runId}/jobs`)).body as { total_count: number }).total_count;
    const first = await take('r1');
    await first.runner.complete(first.job.id);
    expect([outcomes()[2], await listed()]).toEqual([['B', 'blocked', null], 2]);
    const second = await take('r2');
    await second.runner.complete(second.job.id);
    expect([outcomes()[2], await listed()]).toEqual([['B', 'queued', null], 3]);
  });

  test('are skipped, and what needs them too, when a needed job fails', async () => {
    queue(job('a'), job('b', { needs: ['a'] }), job('c', { needs: ['b'] }));
    const { runner, job: taken } = await take('r1');
    await runner.complete(taken.id, 'failure');
    expect(outcomes()).toEqual([
      ['A', 'completed', 'failure'],
      ['B', 'completed', 'skipped'],
      ['C', 'completed', 'skipped'],
    ]);
    expect(simulator.state().runs).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
  });

  test('can’t need what no job of the run is', () => {
    expect(() => queue(job('a', { needs: ['nobody'] }))).toThrow('no job of the run has that id');
  });
});

test('a job that needs approval is waiting, and queued once it is approved', async () => {
  const { runId, jobs } = queue(job('a', { needsApproval: true }));
  const answer = await rest('GET', `${repo}/actions/runs?status=waiting`);
  expect(answer.body).toMatchObject({ total_count: 1, workflow_runs: [{ id: runId, status: 'waiting' }] });
  simulator.approveJob(jobs[0]?.id ?? 0);
  expect((await take('r1')).job.name).toBe('A');
});

describe('the lists of runs and jobs', () => {
  test('show a run in progress while single jobs of it are queued', async () => {
    const { runId } = queue(job('a'), job('b', { runsOn: ['self-hosted', 'nix'] }));
    expect((await rest('GET', `${repo}/actions/runs?status=queued`)).body).toMatchObject({ total_count: 1 });
    await take('r1');
    expect((await rest('GET', `${repo}/actions/runs?status=queued`)).body).toMatchObject({ total_count: 0 });
    expect((await rest('GET', `${repo}/actions/runs?status=in_progress`)).body).toMatchObject({
      total_count: 1,
    });
    expect((await rest('GET', `${repo}/actions/runs/${runId}`)).body).toMatchObject({
      status: 'in_progress',
    });
    expect((await rest('GET', `${repo}/actions/runs/${runId}/jobs?filter=latest`)).body).toMatchObject({
      total_count: 2,
      jobs: [
        { name: 'A', status: 'in_progress', runner_name: 'r1', runner_group_name: 'Default' },
        { name: 'B', status: 'queued', labels: ['self-hosted', 'nix'], runner_id: null, runner_name: null },
      ],
    });
  });

  test('come newest run first, in pages', async () => {
    const [first, second] = [queue(job('a')), queue(job('b'))];
    const page = async (number: number) =>
      (await rest('GET', `${repo}/actions/runs?per_page=1&page=${number}`)).body as {
        workflow_runs: { id: number }[];
      };
    expect((await page(1)).workflow_runs).toMatchObject([{ id: second.runId }]);
    expect((await page(2)).workflow_runs).toMatchObject([{ id: first.runId }]);
  });

  test('answer 404 for a run that is not there', async () => {
    expect((await rest('GET', `${repo}/actions/runs/1`)).status).toBe(404);
    expect((await rest('GET', `${repo}/actions/runs/1/jobs`)).status).toBe(404);
  });
});

describe('cancellation', () => {
  test('ends queued jobs at once and tells the runner of a running one', async () => {
    const { runId } = queue(job('a'), job('b'), job('c', { needs: ['a'] }));
    const { runner, job: taken } = await take('r1');
    expect((await rest('POST', `${repo}/actions/runs/${runId}/cancel`)).status).toBe(202);
    expect(outcomes()).toEqual([
      ['A', 'in_progress', null],
      ['B', 'completed', 'cancelled'],
      ['C', 'completed', 'cancelled'],
    ]);
    expect(await runner.renew(taken.id)).toEqual({ cancelled: true });
    await runner.complete(taken.id, 'cancelled');
    expect(simulator.state().jobs[0]).toMatchObject({ conclusion: 'cancelled', lost: false });
    expect(errorOf(await rest('POST', `${repo}/actions/runs/${runId}/cancel`))).toEqual({
      status: 409,
      message: 'Cannot cancel a workflow run that is completed.',
    });
  });

  test('comes from GitHub itself when a job takes longer than its workflow allows', async () => {
    queue(job('a', { timeoutMinutes: 0.0001 }));
    const { runner, job: taken } = await take('r1');
    await simulator.until(({ jobs }) => jobs[0]?.cancelRequested === true);
    expect(await runner.renew(taken.id)).toEqual({ cancelled: true });
  });
});

describe('a job is lost', () => {
  test('when its runner says goodbye', async () => {
    queue(job('a'));
    await (await take('r1')).runner.close();
    expect(simulator.state().jobs).toMatchObject([{ conclusion: 'failure', lost: true }]);
  });

  test('when its runner reports a cancellation that nobody asked for', async () => {
    queue(job('a'));
    const { runner, job: taken } = await take('r1');
    await runner.complete(taken.id, 'cancelled');
    expect(simulator.state().jobs).toMatchObject([{ conclusion: 'cancelled', lost: true }]);
  });
});

describe('a runner that falls silent', () => {
  beforeEach(async () => {
    await simulator.close();
    const options = {
      repository: 'cashubtc/cdk',
      tokens: ['token-one'],
      idleTimeoutMs: 100,
      busyTimeoutMs: 100,
    };
    simulator = await startGithubSimulator(options);
    rest = restClient(simulator);
  });

  test('loses its job and is offline', async () => {
    queue(job('a'));
    const { runner, job: taken } = await take('r1');
    await simulator.until(({ jobs }) => jobs[0]?.status === 'completed');
    expect(simulator.state()).toMatchObject({
      jobs: [{ conclusion: 'failure', lost: true }],
      runners: [{ name: 'r1', status: 'offline', busy: false }],
    });
    expect([await runner.renew(taken.id), await runner.complete(taken.id)]).toEqual([404, 404]);
  });

  test('is offline when its poll is gone, and online with its next', async () => {
    const runner = await listening('r1');
    const poll = runner.poll();
    await runner.renew(0);
    runner.vanish();
    await expect(poll).rejects.toThrow('abort');
    await simulator.until(({ runners }) => runners[0]?.status === 'offline');
    const next = runner.poll();
    await simulator.until(({ runners }) => runners[0]?.status === 'online');
    queue(job('a'));
    expect(await next).toMatchObject({ name: 'A' });
  });
});

describe('a session', () => {
  test('is refused while the runner has one', async () => {
    const { encoded_jit_config: jit } = await register(rest, 'r1');
    expect(await new ProtocolRunner(simulator, jit).open()).toBe(200);
    expect(await new ProtocolRunner(simulator, jit).open()).toBe(409);
  });

  test('is refused with the secret of another runner', async () => {
    const { runner } = await register(rest, 'r1');
    const body = JSON.stringify({ agentId: String(runner.id), clientId: 'sim-jit-wrong' });
    expect((await fetch(`${simulator.url}/_runner/sessions`, { method: 'POST', body })).status).toBe(401);
  });

  test('answers a poll that found no job in its time with 202', async () => {
    const impatient = await startGithubSimulator({
      repository: 'cashubtc/cdk',
      tokens: ['token-one'],
      pollMs: 10,
    });
    const { encoded_jit_config: jit } = await register(restClient(impatient), 'r1');
    const runner = new ProtocolRunner(impatient, jit);
    await runner.open();
    expect(await runner.poll()).toBe(202);
    await impatient.close();
  });
});

test('hands 150 jobs to 50 runners that listen at once, each job once', async () => {
  const serve = async (name: string) => {
    for (let round = 0; round < 3; round++) {
      const { runner, job: taken } = await take(`${name}-${round}`);
      await runner.complete(taken.id);
    }
  };
  const served = Promise.all(Array.from({ length: 50 }, (_, index) => serve(`r${index}`)));
  for (let run = 0; run < 3; run++) queue(...Array.from({ length: 50 }, (_, index) => job(`j${index}`)));
  await served;
  const { jobs, runners } = simulator.state();
  expect([jobs.filter(({ conclusion }) => conclusion === 'success').length, runners]).toEqual([150, []]);
  expect(new Set(jobs.map(({ runnerName }) => runnerName)).size).toBe(150);
}, 60_000);
