import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../simulators/stack/stack.js';
import { statusQuery } from '../../workflows/messages.js';
import { poolWorkflowId, runnerWorkflowId, type RunnerTimeline } from '../../workflows/model.js';
import type { PoolStatus } from '../../workflows/policy/status.js';

export function pool(stack: Stack, host: string) {
  return stack.temporal.client.workflow.getHandle(poolWorkflowId(host));
}

/** Asks the pool until it is as wanted; tells what it was when that takes too long. */
export async function poolUntil(
  stack: Stack,
  host: string,
  wanted: (status: PoolStatus) => boolean,
  timeoutMs = 60_000,
): Promise<PoolStatus> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const status = await pool(stack, host).query(statusQuery);
    if (wanted(status)) return status;
    if (Date.now() > deadline)
      throw new Error(`the pool is not as wanted: ${JSON.stringify(status, null, 1)}`);
    await sleep(50);
  }
}

/** Every runner idle, and not only on its way to that. */
export const full = ({ counts, config, runners }: PoolStatus) =>
  runners.filter(({ phase }) => phase === 'idle').length === config.warmRunners &&
  counts.standby === config.standbyContainers &&
  counts.removing === 0;

export async function timeline(stack: Stack, host: string, runnerName: string): Promise<RunnerTimeline> {
  const name = runnerName.slice(host.length + 1);
  return (await stack.temporal.client.workflow
    .getHandle(runnerWorkflowId(host, name))
    .result()) as RunnerTimeline;
}

/** A job that runs on any runner of ours. */
export const job = (name: string, durationMs: number, script?: string) => ({
  id: name,
  name,
  runsOn: ['self-hosted'],
  durationMs,
  ...(script && { script }),
});
