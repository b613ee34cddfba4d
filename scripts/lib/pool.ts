import type { Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { demandStatusQuery, statusQuery, type Accepted } from '../../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId } from '../../workflows/model.js';
import type { OrderInput, OrderName } from '../../workflows/orders.js';
import type { DemandStatus } from '../../workflows/policy/demand.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import { withoutControls } from './output.js';
import { ask } from './temporal.js';

/** A host's pool, as a command speaks to it. Error of everything: CommandError. */
export interface Pool {
  host: string;
  status(): Promise<PoolStatus>;
  /** Gives an order and waits until it is accepted. */
  order<Name extends OrderName>(
    update: UpdateDefinition<Accepted, [OrderInput<Name> | undefined]>,
    input: OrderInput<Name>,
  ): Promise<Accepted>;
}

export function poolOf(client: Client, host: string): Pool {
  const workflowId = poolWorkflowId(host);
  const handle = client.workflow.getHandle(workflowId);
  return {
    host,
    status: async () => withoutControls(await ask(client, workflowId, () => handle.query(statusQuery))),
    order: (update, input) => ask(client, workflowId, () => handle.executeUpdate(update, { args: [input] })),
  };
}

/** The repository's queued jobs. Error: CommandError. */
export async function demandOf(client: Client, repository: string): Promise<DemandStatus> {
  const workflowId = demandWorkflowId(repository);
  const handle = client.workflow.getHandle(workflowId);
  return withoutControls(await ask(client, workflowId, () => handle.query(demandStatusQuery)));
}

const poolId = /^pool\/(.+)$/;

/** Hosts of every pool that Temporal knows, in order. Error: CommandError. */
export async function listHosts(client: Client): Promise<string[]> {
  const query = 'WorkflowType = "poolWorkflow" AND ExecutionStatus = "Running"';
  return await ask(client, 'its pools', async () => {
    const hosts: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) {
      const host = poolId.exec(workflowId)?.[1];
      if (host !== undefined) hosts.push(host);
    }
    return hosts.sort();
  });
}
