import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startGithubSimulator, type GithubSimulatorOptions } from '../../../simulators/github/simulator.js';
import type { JobSpec } from '../../../simulators/github/model.js';
import { register, restClient } from '../github/rest-client.js';

const program = resolve('simulators/runner/Runner.Listener');

export type Site = Awaited<ReturnType<typeof makeSite>>;

/** A simulated GitHub and a directory for one test. */
export async function makeSite(options: Partial<GithubSimulatorOptions> = {}) {
  const github = await startGithubSimulator({
    repository: 'cashubtc/cdk',
    tokens: ['token-one'],
    pollMs: 1_000,
    ...options,
  });
  const rest = restClient(github);
  const dir = await mkdtemp(join(tmpdir(), 'runner-test-'));
  const root = join(dir, 'root');
  await mkdir(root);

  return {
    github,
    rest,
    dir,
    root,
    /** Registers a runner and returns its JIT configuration. */
    jitconfig: async (name = 'r1') => (await register(rest, name)).encoded_jit_config,
    /** Starts `Runner.Listener`; its end is awaited like a promise. */
    run: (args: string[], env: Record<string, string> = {}, runnerRoot = root) =>
      execa(program, args, {
        all: true,
        reject: false,
        extendEnv: false,
        env: {
          PATH: process.env['PATH'],
          RUNNER_ROOT: runnerRoot,
          RUNNER_SIM_RETRY_SECONDS: '0.05',
          ...env,
        },
      }),
    queue: (job: Partial<JobSpec> = {}) =>
      github.queueWorkflowRun({
        workflow: 'CI',
        jobs: [{ id: 'build', name: 'build', runsOn: ['self-hosted'], durationMs: 1, ...job }],
      }),
    /** Writes a hook script. */
    hook: async (name: string, script: string) => {
      const path = join(dir, name);
      await writeFile(path, script);
      return path;
    },
    online: () => github.until(({ runners }) => runners.some(({ status }) => status === 'online')),
    conclusions: () => github.state().jobs.map(({ conclusion }) => conclusion),
    remove: async () => {
      await github.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What was printed, with times made equal. */
export const timeless = (text: string | undefined) =>
  (text ?? '').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, 'TIME').split('\n');

/** Files of the runner's root that are configuration. */
export const configuration = async (root: string) =>
  (await readdir(root)).filter((name) => name.startsWith('.')).sort();
