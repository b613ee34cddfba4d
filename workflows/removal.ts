import { log, sleep } from '@temporalio/workflow';
import { failureMessage, failureType } from './failures.js';
import type { RunnerActivities } from './runner-activities.js';
import type { RunnerLife } from './runner-life.js';

/** A registration that GitHub calls busy although its container is gone: seen to last for hours (runner#3737). */
const debtPauseMs = { first: 10_000, longest: 600_000 };

/**
 * After a job its successor has the processor first. The last lines of the log are still on their way, and GitHub
 * removes the registration itself.
 */
const settleMs = 1_000;

/**
 * Clears away a runner's container and registration, side by side. Nothing here gives up: a host that is down or a
 * GitHub that does not answer is waited for. The place in the pool is free from the first report on.
 */
export async function removeEverything(
  life: RunnerLife,
  activities: RunnerActivities,
  registered: boolean,
): Promise<void> {
  life.move('removing');
  const afterMs = life.state.endReason === 'job-done' ? settleMs : 0;
  const logs = keepLogs(life, activities, afterMs);
  let isOwed = registered;
  const registration = async () => {
    if (registered) await removeRegistration(life, activities, afterMs);
    isOwed = false;
  };
  const container = async () => {
    await logs;
    await activities.destroyContainer({ name: life.state.name, reason: noteOf(life) });
    life.state.containerGone = true;
    // Else the last report, which follows at once, tells it too.
    if (isOwed) life.report();
  };
  await Promise.all([container(), registration()]);
  life.move('removed');
  await life.reported();
}

async function keepLogs(life: RunnerLife, activities: RunnerActivities, afterMs: number): Promise<void> {
  const { name, runnerName } = life.state;
  try {
    life.logs = (await activities.keepLogs({ name, runnerName, note: noteOf(life), afterMs }))?.path;
  } catch (error) {
    log.warn('logs are lost', { runner: runnerName, reason: failureMessage(error) });
  }
}

function noteOf({ state: { endReason, endDetail } }: RunnerLife): string {
  return endDetail ? `${endReason}: ${endDetail}` : `${endReason}`;
}

/** What can't be removed yet is a debt: it is retried, and holds no place in the pool. */
async function removeRegistration(
  life: RunnerLife,
  activities: RunnerActivities,
  afterMs: number,
): Promise<void> {
  const { runnerName, runnerId } = life.state;
  for (let pause = debtPauseMs.first; ; pause = Math.min(pause * 2, debtPauseMs.longest)) {
    try {
      const answer = await activities.removeRunnerPatiently({ runnerName, runnerId, ended: true, afterMs });
      if (answer !== 'busy') return;
      life.state.trouble = {
        type: 'RegistrationBusy',
        message: 'GitHub still calls this runner busy: its registration is removed later',
      };
    } catch (error) {
      // A token that GitHub refuses may be replaced: the debt stays until then.
      life.state.trouble = { type: failureType(error), message: failureMessage(error) };
    }
    life.report();
    await sleep(pause);
  }
}
