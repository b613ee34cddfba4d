import { createContainerRemoval } from '../../activities/container-removal.js';
import type { GithubClient } from '../../activities/github-client.js';
import { runCommand } from '../../activities/run-command.js';
import { ConfigFaults, readHostConfig } from '../../workers/config.js';
import { failureMessage } from '../../workflows/failures.js';
import { runnerNameOf } from '../../workflows/policy/names.js';
import { CommandError } from './command.js';
import { confirm } from './confirm.js';
import { githubClient } from './github-view.js';
import { count, printJson, say } from './output.js';
import { listOwnContainers } from './own-containers.js';

interface Cleanup {
  host: string;
  yes: boolean;
  json: boolean;
}

interface Outcome {
  container: string;
  registration: 'removed' | 'gone' | 'busy' | { trouble: string };
  destroyed: boolean;
  trouble?: string;
}

/**
 * Destroys this machine's containers without Temporal, one after another, each deregistered first where GitHub lets
 * it go: else a job may be given to a runner that is no more. Error: CommandError when something is left.
 */
export async function cleanUpDirectly({ host, yes, json }: Cleanup): Promise<void> {
  const config = readHostConfig();
  const names = await listOwnContainers(config);
  if (!yes && names.length > 0) {
    const warning = 'A worker that still runs would replace them.';
    await confirm(
      `Destroy ${count(names.length, 'container')} of ${host} here, running jobs and all? ${warning}`,
    );
  }
  const tell = json ? () => undefined : say;
  const { destroy } = createContainerRemoval({
    ...config,
    runCommand,
    warn: (message, details) => tell(`  ${message} ${JSON.stringify(details)}`),
  });
  const github = clientOrTrouble();
  const outcomes: Outcome[] = [];
  for (const container of names) {
    const registration = await deregister(github, runnerNameOf(host, container));
    const trouble = await destroy(container).then(() => undefined, failureMessage);
    const outcome: Outcome = {
      container,
      registration,
      destroyed: trouble === undefined,
      ...(trouble && { trouble }),
    };
    tell(line(outcome));
    outcomes.push(outcome);
  }
  if (json) printJson({ host, containers: outcomes });
  conclude(host, outcomes, tell);
}

function clientOrTrouble(): GithubClient | { trouble: string } {
  try {
    return githubClient();
  } catch (error) {
    if (error instanceof ConfigFaults) return { trouble: error.faults.join(' ') };
    throw error;
  }
}

async function deregister(
  github: GithubClient | { trouble: string },
  runnerName: string,
): Promise<Outcome['registration']> {
  if ('trouble' in github) return github;
  try {
    const runner = await github.findRunner(runnerName);
    return runner ? await github.deleteRunner(runner) : 'gone';
  } catch (error) {
    return { trouble: failureMessage(error) };
  }
}

function line({ container, registration, trouble }: Outcome): string {
  const fate = trouble === undefined ? 'destroyed' : `NOT destroyed: ${trouble}`;
  return `${container.padEnd(11)}  ${fate}; registration ${wordsFor(registration)}`;
}

function wordsFor(registration: Outcome['registration']): string {
  if (typeof registration === 'object') return `not removed: ${registration.trouble}`;
  if (registration === 'busy') return 'kept by GitHub until it notices that the job is lost';
  return registration === 'gone' ? 'was gone' : 'removed';
}

function conclude(host: string, outcomes: Outcome[], tell: (line: string) => void): void {
  const left = outcomes.filter(({ destroyed }) => !destroyed);
  const registered = outcomes.filter(
    ({ registration }) => typeof registration === 'object' || registration === 'busy',
  );
  tell(`${count(outcomes.length - left.length, 'container')} of ${host} destroyed.`);
  if (registered.length > 0) {
    tell(
      `${count(registered.length, 'registration')} may be left on GitHub: cleanup-github-runners removes them later.`,
    );
  }
  tell(
    'Temporal was not told: the pool finds out when its worker runs again, and then fills up, unless it is drained.',
  );
  if (left.length > 0)
    throw new CommandError(`${left.map(({ container }) => container).join(', ')} could not be destroyed.`);
}
