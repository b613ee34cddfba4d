import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { runnerWorkflowId } from '../../workflows/model.js';
import { ask } from './temporal.js';

/** Whether a runner's workflow is running, by its own record and not by an index that may lag. Error: CommandError. */
export async function isRunnerOpen(client: Client, host: string, name: string): Promise<boolean> {
  const workflowId = runnerWorkflowId(host, name);
  return await ask(client, workflowId, async () => {
    try {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  });
}
