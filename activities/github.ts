import { sleep } from '@temporalio/activity';
import { isDeepStrictEqual } from 'node:util';
import type { GithubRunner } from '../workflows/model.js';
import { failure } from '../workflows/failures.js';
import { containerOf, slotOf } from '../workflows/policy/names.js';
import type { GithubActivities } from './contract.js';
import type { GithubClient } from './github-client.js';
import { readDemand } from './github-demand.js';
import { watch } from './github-watch.js';

/** Looks at demand come this much less often while the rate limit is nearly used up: the runner list matters more. */
const lowBudgetFactor = 4;

/** The activities that need no host; see the contract for what each promises. */
export function createGithubActivities(client: GithubClient): GithubActivities {
  return {
    watchRunners: ({ host, pollIntervalMs, previous, once }) =>
      watch({
        look: async () => ({ at: Date.now(), runners: ownRunners(host, await client.listRunners()) }),
        isNews: ({ runners }) => once || !isDeepStrictEqual(runners, previous?.runners),
        intervalMs: () => pollIntervalMs,
      }),

    watchDemand: ({ pollIntervalMs, previous }) => {
      if (!('repository' in client.scope)) {
        throw failure(
          'ConfigInvalid',
          "An organisation's queued jobs can't be watched: GitHub lists them by repository.",
        );
      }
      return watch({
        look: async () => ({ at: Date.now(), queued: await readDemand(client) }),
        isNews: ({ queued }) => !isDeepStrictEqual(queued, previous?.queued),
        intervalMs: () => pollIntervalMs * (client.isBudgetLow() ? lowBudgetFactor : 1),
      });
    },

    async removeRunner({ runnerName, runnerId, ended, afterMs = 0 }) {
      if (!isPoolRunner(runnerName)) {
        throw failure('ConfigInvalid', `Runner ${runnerName} is no runner of a pool, so it is not removed.`);
      }
      await sleep(afterMs);
      // An id counts within one repository and belongs to another runner in the next, so the name has to fit it.
      const known = runnerId === undefined ? null : await client.getRunner(runnerId);
      if (!known && runnerId !== undefined && ended) return 'gone';
      // GitHub also answers 404 to a token that may not see the repository. Before a container that may get a job
      // is destroyed for it, the list has to agree: it fails for such a token.
      const runner = known?.name === runnerName ? known : await client.findRunner(runnerName);
      if (!runner) return 'gone';
      // Once its job is over, GitHub's flag can only be late: then GitHub decides as it removes.
      if (runner.busy && !ended) return 'busy';
      return client.deleteRunner(runner);
    },
  };
}

/** This host's runners in a fixed order: the prefix alone would take cdk-runner-1 for the host of cdk-runner-1-b-… */
function ownRunners(host: string, runners: GithubRunner[]): GithubRunner[] {
  return runners.filter(({ name }) => containerOf(host, name) !== null).sort((a, b) => a.id - b.id);
}

/** Whether the name is `<host>-<5 hex>-r<slot>`, of whatever host: any worker clears up after one that is gone. */
function isPoolRunner(runnerName: string): boolean {
  const [slot, prefix, ...host] = runnerName.split('-').reverse();
  return host.join('-') !== '' && slotOf(`${prefix}-${slot}`) !== null;
}
