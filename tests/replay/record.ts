import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { cdkHosts, repository, startStack, type Stack } from '../../simulators/stack/stack.js';
import { drainUpdate, resumeUpdate, statusQuery } from '../../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId } from '../../workflows/model.js';
import type { PoolStatus } from '../../workflows/policy/status.js';

// Records the histories that the replay test holds today's workflows against; `npm run record-histories`. Record anew
// only when a change of the workflows is meant to break running ones, and say so in the changelog.
const host = { name: 'cdk-runner-01', labels: cdkHosts[0]?.labels ?? [], env: { MAX_CONCURRENT: '1' } };
const folder = join(projectFolder(), 'tests', 'replay', 'histories');
const delays = 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01';

const stack = await startStack({ hosts: [host], delays });
try {
  await record(stack);
} finally {
  await stack.stop();
}

async function record({ temporal, github, hosts }: Stack): Promise<void> {
  const { client } = temporal;
  const pool = client.workflow.getHandle(poolWorkflowId(host.name));
  const until = async (wanted: (status: PoolStatus) => boolean) => {
    while (!wanted(await pool.query(statusQuery))) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await hosts[0]?.start();
  await until(({ counts }) => counts.available === 1 && counts.standby === 1);
  const job = { id: 'job', name: 'job', runsOn: ['self-hosted'], durationMs: 200 };
  github.queueWorkflowRun({ workflow: 'CI', jobs: [job] });
  await until(({ totals, counts }) => totals.jobs === 1 && counts.available === 1 && counts.standby === 1);
  await pool.executeUpdate(drainUpdate, { args: [{}] });
  await until(({ runners }) => runners.length === 0);
  await pool.executeUpdate(resumeUpdate, { args: [{}] });
  await until(({ counts }) => counts.available === 1);
  mkdirSync(folder, { recursive: true });
  const save = async (name: string, workflowId: string) => {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    writeFileSync(join(folder, `${name}.json`), historyToJSON(history));
  };
  await save('pool', poolWorkflowId(host.name));
  await save('demand', demandWorkflowId(repository));
  const outcomes = new Set<string>();
  for await (const { workflowId } of client.workflow.list({
    query: 'WorkflowType = "runnerWorkflow" AND ExecutionStatus = "Completed"',
  })) {
    const { endReason } = (await client.workflow.getHandle(workflowId).result()) as { endReason: string };
    if (outcomes.has(endReason)) continue;
    outcomes.add(endReason);
    await save(`runner-${endReason}`, workflowId);
  }
}
