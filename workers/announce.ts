import type { Client } from '@temporalio/client';
import type { demandWorkflow } from '../workflows/demand.js';
import { announcePoolSignal, configureSignal } from '../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId, sharedTaskQueue, type PoolConfig } from '../workflows/model.js';
import type { poolWorkflow } from '../workflows/pool.js';

/** Starts this host's pool and the repository's demand workflow, or gives them the configuration of today. */
export async function announcePool(client: Client, pool: PoolConfig): Promise<void> {
  const { host, labels, pollIntervalMs, repository } = pool;
  await client.workflow.signalWithStart<typeof poolWorkflow, [PoolConfig?]>('poolWorkflow', {
    workflowId: poolWorkflowId(host),
    taskQueue: sharedTaskQueue,
    args: [{ config: pool }],
    signal: configureSignal,
    signalArgs: [pool],
    staticSummary: `Pool of ${host}`,
  });
  await client.workflow.signalWithStart<
    typeof demandWorkflow,
    [{ host: string; labels: string[]; pollIntervalMs: number }]
  >('demandWorkflow', {
    workflowId: demandWorkflowId(repository),
    taskQueue: sharedTaskQueue,
    args: [{ repository }],
    signal: announcePoolSignal,
    signalArgs: [{ host, labels, pollIntervalMs }],
    staticSummary: `Queued jobs of ${repository}`,
  });
}
