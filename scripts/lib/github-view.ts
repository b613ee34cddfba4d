import { createGithubClient, type GithubClient } from '../../activities/github-client.js';
import { ConfigFaults, readGithubConfig } from '../../workers/config.js';
import { failureMessage } from '../../workflows/failures.js';
import type { GithubRunner } from '../../workflows/model.js';
import { containerOf } from '../../workflows/policy/names.js';

/** GitHub's list of runners, asked for by this command itself; why there is none, otherwise. */
export type GithubView = { runners: GithubRunner[] } | { trouble: string };

/** Error: ConfigFaults. */
export function githubClient(): GithubClient {
  return createGithubClient({ ...readGithubConfig(), userAgent: 'cdk-runner-pool-commands' });
}

/** Looks at GitHub's list; never fails, since a status without it is still a status. */
export async function viewGithub(): Promise<GithubView> {
  try {
    return { runners: await githubClient().listRunners() };
  } catch (error) {
    if (error instanceof ConfigFaults) return { trouble: `not asked: ${error.faults.join(' ')}` };
    return { trouble: failureMessage(error) };
  }
}

/** Runners of one host, by name. */
export function runnersOf(host: string, runners: GithubRunner[]): GithubRunner[] {
  return runners
    .filter(({ name }) => containerOf(host, name) !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
