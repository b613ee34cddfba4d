import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { createGithubClient, type GithubClient } from '../../activities/github-client.js';
import type { GithubClientOptions } from '../../activities/github-client.js';
import {
  startGithubSimulator,
  type GithubSimulator,
  type GithubSimulatorOptions,
} from '../../simulators/github/simulator.js';
import { failureType } from '../../workflows/failures.js';

export const repository = 'cashubtc/cdk';
export const token = 'github_pat_test_first';
export const labels = ['self-hosted', 'nix', 'fuzz-a'];
export const jitRoute = '/repos/{owner}/{repo}/actions/runners/generate-jitconfig';
export const runnersRoute = '/repos/{owner}/{repo}/actions/runners';
export const runnerRoute = '/repos/{owner}/{repo}/actions/runners/{runner_id}';

export interface GithubFixture {
  github: GithubSimulator;
  client: GithubClient;
  dir: string;
  tokenFile: string;
  /** What the client's Octokit logged. */
  logged: string[];
  /** Requests by route so far, e.g. `GET /rate_limit`. */
  requests(): Record<string, number>;
  /** Another client of the same GitHub. */
  another(options: Partial<GithubClientOptions>): GithubClient;
  close(): Promise<void>;
}

/** A simulated GitHub, and a client with its token in a file. */
export async function startGithub(options: Partial<GithubSimulatorOptions> = {}): Promise<GithubFixture> {
  const github = await startGithubSimulator({ repository, tokens: [token], ...options });
  const dir = await mkdtemp(join(tmpdir(), 'github-'));
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const logged: string[] = [];
  const log = {
    debug: (message: string) => logged.push(message),
    warn: (message: string) => logged.push(message),
  };
  const another = (changed: Partial<GithubClientOptions>) =>
    createGithubClient({ apiUrl: github.url, scope: { repository }, auth: { tokenFile }, log, ...changed });
  return {
    github,
    client: another({}),
    dir,
    tokenFile,
    logged,
    requests: () => ({ ...github.state().requests.byRoute }),
    another,
    async close() {
      await github.close();
      await rm(dir, { recursive: true });
    },
  };
}

/** What a failed call tells: our type, the sentence, and when to try again. */
export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: ApplicationFailure) => reason,
  );
  if (!error) throw new Error('the call did not fail');
  const { message } = error;
  const retryAfterMs = error.nextRetryDelay as number | undefined;
  return { type: failureType(error), message, retryAfterMs, everything: everythingIn(error) };
}

// What a careless logger would print: each own property of the error and of its causes.
function everythingIn(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const own = Object.getOwnPropertyNames(error).map((name) => JSON.stringify(Reflect.get(error, name)));
  return [...own, everythingIn(Reflect.get(error, 'cause'))].join('\n');
}

/** Connects as the runner of a JIT configuration, which makes it online. */
export async function connectRunner(url: string, jitConfig: string): Promise<{ takeJob(): Promise<void> }> {
  const files = decode(jitConfig);
  const { AgentId } = decode(files['.runner']!);
  const { Data } = decode(files['.credentials']!) as unknown as { Data: { ClientId: string } };
  const body = JSON.stringify({ agentId: AgentId, clientId: Data.ClientId });
  const answer = await fetch(`${url}/_runner/sessions`, { method: 'POST', body });
  const { sessionId } = (await answer.json()) as { sessionId: string };
  return {
    async takeJob() {
      await (await fetch(`${url}/_runner/sessions/${sessionId}/message`)).json();
    },
  };
}

const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()) as Record<string, string>;

/** A run of so many jobs with the same labels. */
export const workflowRun = (names: string[], runsOn = ['self-hosted']) => ({
  workflow: 'CI',
  jobs: names.map((name) => ({ id: name, name, runsOn, durationMs: 60_000 })),
});
