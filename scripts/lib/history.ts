import { WorkflowFailedError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { failureMessage } from '../../workflows/failures.js';
import type { RunnerTimeline } from '../../workflows/model.js';
import { withoutControls } from './output.js';
import { ask } from './temporal.js';

/** An ended runner: its workflow's result, or why there is none. */
export interface RunnerRecord {
  workflowId: string;
  /** ISO. */
  startedAt: string;
  closedAt: string;
  /** Null when the workflow was terminated or failed: a fault of ours, or an operator's hand. */
  timeline: RunnerTimeline | null;
  trouble: string | null;
}

interface Selection {
  /** All hosts when left out. */
  host?: string;
  /** Only runners that failed or lost their job. */
  failed: boolean;
  limit: number;
}

const resultsAtOnce = 16;

/** Ended runners, newest first, as far back as Temporal keeps them. Error: CommandError. */
export async function readHistory(
  client: Client,
  { host, failed, limit }: Selection,
): Promise<RunnerRecord[]> {
  const records: RunnerRecord[] = [];
  const what = `the runners of ${host ?? 'all hosts'}`;
  const closed = client.workflow.list({ query: queryFor(host), pageSize: 100 });
  const pending: Promise<RunnerRecord>[] = [];
  const take = async () => {
    const record = await pending.shift();
    if (record && (!failed || isFailed(record)) && records.length < limit) records.push(record);
  };
  const pages = closed[Symbol.asyncIterator]();
  while (records.length + (failed ? 0 : pending.length) < limit) {
    const next = await ask(client, what, () => pages.next());
    if (next.done) break;
    const record = recordOf(client, next.value);
    // One may fail while another is waited for; it is told when its turn comes.
    record.catch(() => undefined);
    pending.push(record);
    if (pending.length === resultsAtOnce) await take();
  }
  while (pending.length > 0 && records.length < limit) await take();
  return records;
}

function isFailed({ timeline }: RunnerRecord): boolean {
  return timeline === null || timeline.outcome === 'failed' || timeline.outcome === 'interrupted';
}

/** Visibility lists the latest closed first. */
function queryFor(host: string | undefined): string {
  const closed = 'WorkflowType = "runnerWorkflow" AND ExecutionStatus != "Running"';
  return host === undefined ? closed : `${closed} AND WorkflowId STARTS_WITH "runner/${host}/"`;
}

async function recordOf(
  client: Client,
  { workflowId, runId, startTime, closeTime }: WorkflowExecutionInfo,
): Promise<RunnerRecord> {
  const common = {
    workflowId,
    startedAt: startTime.toISOString(),
    closedAt: (closeTime ?? startTime).toISOString(),
  };
  return await ask(client, workflowId, async () => {
    try {
      const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
      const timeline = withoutControls((await handle.result()) as RunnerTimeline);
      return { ...common, timeline, trouble: null };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { ...common, timeline: null, trouble: failureMessage(error.cause ?? error) };
    }
  });
}
