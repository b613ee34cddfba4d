import type { Client } from '@temporalio/client';
import { hostTaskQueue } from '../../workflows/model.js';
import { ask } from './temporal.js';

/** Whether a host's worker is there, by what Temporal saw of it. */
export interface WorkerPresence {
  active: boolean;
  /** `<host>/<process id>` of the worker that asked last. */
  identity: string | null;
  /** When a worker of this host last asked for work, ISO. */
  lastSeenAt: string | null;
}

/** temporal.api.enums.v1.TaskQueueType: activities are all that a host's queue has. */
const activityQueue = 2;
/** A worker asks again at least once a minute; Temporal forgets one that has not for five. */
const silentAfterMs = 75_000;

/** Whether a worker asks for the work that only this host can do. Error: CommandError. */
export async function findWorker(client: Client, host: string): Promise<WorkerPresence> {
  const { connection, options } = client;
  const { pollers } = await ask(client, hostTaskQueue(host), () =>
    connection.workflowService.describeTaskQueue({
      namespace: options.namespace,
      taskQueue: { name: hostTaskQueue(host) },
      taskQueueType: activityQueue,
    }),
  );
  const seen = pollers
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? null,
      at: Number(lastAccessTime?.seconds ?? 0) * 1000,
    }))
    .sort((a, b) => b.at - a.at)[0];
  if (!seen) return { active: false, identity: null, lastSeenAt: null };
  return {
    active: Date.now() - seen.at < silentAfterMs,
    identity: seen.identity,
    lastSeenAt: new Date(seen.at).toISOString(),
  };
}
