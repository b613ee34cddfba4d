import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cdkCiRun } from '../../../simulators/github/cdk-ci-run.js';
import { startGithubSimulator, type GithubSimulator } from '../../../simulators/github/simulator.js';
import { ProtocolRunner } from './protocol-runner.js';
import { register, restClient } from './rest-client.js';

let simulator: GithubSimulator;

beforeEach(async () => {
  simulator = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
});

afterEach(() => simulator.close());

test('CDK’s CI run has its 49 jobs, scaled', () => {
  const { workflow, jobs } = cdkCiRun(0.01);
  expect([workflow, jobs.length]).toEqual(['CI', 49]);
  expect(jobs[0]).toEqual({
    id: 'pre-commit-checks',
    name: 'Cargo fmt, Nix fmt, typos',
    runsOn: ['self-hosted'],
    needs: [],
    timeoutMinutes: 30,
    durationMs: 600,
  });
});

test('two hosts’ runners complete 48 of its jobs, and the one for a Mac stays queued', async () => {
  const rest = restClient(simulator);
  simulator.queueWorkflowRun(cdkCiRun(0));
  const serveOne = async (host: string, label: string, index: number) => {
    const { encoded_jit_config: jit } = await register(rest, `${host}-${index}`, [
      'self-hosted',
      'nix',
      label,
    ]);
    const runner = new ProtocolRunner(simulator, jit);
    await runner.open();
    const job = await runner.poll();
    if (typeof job !== 'number') await runner.complete(job.id);
  };
  const serve = async (host: string, label: string, slot: number) => {
    for (let index = 0; served() < 48; index++) await serveOne(host, label, slot * 100 + index);
  };
  const served = () => simulator.state().jobs.filter(({ status }) => status === 'completed').length;
  const pools = [0, 1, 2, 3].flatMap((slot) => [serve('one', 'fuzz-a', slot), serve('two', 'fuzz-b', slot)]);
  const { jobs, contractViolations } = await simulator.until(() => served() === 48, 30_000);
  // Those that found no job left are still listening.
  await simulator.close();
  await Promise.allSettled(pools);
  expect(
    jobs.filter(({ status }) => status !== 'completed').map(({ labels, status }) => [labels, status]),
  ).toEqual([[['macos-latest'], 'queued']]);
  expect(contractViolations).toEqual([]);
});
