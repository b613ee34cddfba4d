import { execa } from 'execa';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorState, WorkflowRunSpec } from '../../simulators/github/model.js';

export const repository = 'cashubtc/cdk';
export const labels = ['self-hosted', 'ci', 'nix', 'x64', 'Linux'];
const token = 'github_pat_on_the_test_host';
const port = 8480;

/** A simulated GitHub in the internet's namespace: containers reach it through NAT, or not at all. */
export async function startInternetGithub() {
  const dir = await mkdtemp(join(tmpdir(), 'github-'));
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, token, { mode: 0o400 });
  const program = [
    'node',
    'dist/simulators/github/main.js',
    '--repository',
    repository,
    '--token-file',
    tokenFile,
  ];
  const where = ['--host', '203.0.113.10', '--port', String(port), '--exit-with-stdin'];
  const server = execa('ip', ['netns', 'exec', 'internet', ...program, ...where], {
    stdin: 'pipe',
    reject: false,
  });
  await once(server.stdout, 'data');
  const url = `http://203.0.113.10:${port}`;

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'content-type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  const state = () => call<SimulatorState>('GET', '/_sim/state');

  return {
    url,
    token,
    tokenFile,
    state,
    queue: (run: WorkflowRunSpec) =>
      call<{ runId: number; jobs: { id: number; name: string }[] }>('POST', '/_sim/workflow-runs', run),
    /** One job with a script, for any runner. */
    queueScript: (script: string) =>
      call<{ runId: number }>('POST', '/_sim/workflow-runs', {
        workflow: 'ci',
        jobs: [{ id: 'job', name: 'job', runsOn: ['self-hosted'], durationMs: 0, script }],
      }),
    jitConfig: async (name: string) => {
      const path = `/repos/${repository}/actions/runners/generate-jitconfig`;
      const body = { name, runner_group_id: 1, labels };
      return (await call<{ encoded_jit_config: string }>('POST', path, body)).encoded_jit_config;
    },
    /** Waits until GitHub sees what is wanted; looks at short intervals, because it is another process. */
    async until(wanted: (state: SimulatorState) => boolean, timeoutMs = 60_000): Promise<SimulatorState> {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const now = await state();
        if (wanted(now)) return now;
        if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(now.jobs)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async close() {
      server.stdin.end();
      await server;
      await rm(dir, { recursive: true });
    },
  };
}

export type InternetGithub = Awaited<ReturnType<typeof startInternetGithub>>;
