import type { RunnerEventActivities } from './contract.js';
import { awaitEvents, readEvents } from './event-files.js';
import { heartbeating } from './heartbeat.js';
import { isHandedOver } from './runtime-dir.js';

/** What containers report by files in `out/`. */
export function createRunnerEventActivities({ runtimeDir }: { runtimeDir: string }): RunnerEventActivities {
  return {
    awaitRunnerEvent: ({ name, until }) =>
      heartbeating((signal) => awaitEvents({ runtimeDir, name, until, signal })),

    async readRunnerEvents({ name }) {
      return { ...(await readEvents(runtimeDir, name)), handedOver: await isHandedOver(runtimeDir, name) };
    },
  };
}
