import { activityInfo } from '@temporalio/activity';
import { failure, failureType } from '../workflows/failures.js';
import type { RegistrationActivities } from './contract.js';
import type { GithubClient } from './github-client.js';
import { handOver, isHandedOver } from './runtime-dir.js';

/**
 * Registers a runner and hands its JIT configuration to the container, all in one activity: the configuration is
 * never returned, so it never enters a history, and it is kept nowhere but in the container's `in/`.
 */
export function createRegistrationActivities({
  client,
  runtimeDir,
}: {
  client: GithubClient;
  runtimeDir: string;
}): RegistrationActivities {
  /** Frees a name that GitHub has already: it may be ours, from a call whose answer got lost. A new name follows. */
  async function nameTaken(runnerName: string): Promise<never> {
    const runner = await client.findRunner(runnerName);
    if (runner && !runner.busy) await client.deleteRunner(runner);
    throw failure(
      'RunnerNameTaken',
      `GitHub already had a runner named ${runnerName}; it takes a new name to go on.`,
    );
  }

  return {
    async registerRunner({ name, runnerName, labels, mayExist }) {
      if (await isHandedOver(runtimeDir, name)) {
        // The worker ended between the hand-over and its report.
        const runner = await client.findRunner(runnerName);
        if (runner) return { runnerId: runner.id };
        // A JIT configuration serves once, and this one has been used.
        throw failure(
          'RunnerNameTaken',
          `Runner ${runnerName} has been registered and is gone from GitHub again.`,
        );
      }
      // A call before this one may have registered the runner without learning of it.
      if ((mayExist || activityInfo().attempt > 1) && (await client.findRunner(runnerName)))
        return nameTaken(runnerName);

      const registered = await client
        .generateJitConfig({ name: runnerName, labels })
        .catch((error: unknown) => {
          if (failureType(error) === 'RunnerNameTaken') return nameTaken(runnerName);
          throw error;
        });
      try {
        await handOver(runtimeDir, name, registered.jitConfig);
      } catch (error) {
        // Nobody can use the configuration any more. Should this fail, the end of the runner's life removes it.
        await client.deleteRunner({ id: registered.runnerId, name: runnerName }).catch(() => undefined);
        throw error;
      }
      return { runnerId: registered.runnerId };
    },
  };
}
