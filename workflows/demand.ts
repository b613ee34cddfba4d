import {
  ActivityCancellationType,
  condition,
  continueAsNew,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { GithubActivities } from '../activities/contract.js';
import { failureMessage, retryAfterMs } from './failures.js';
import { announcePoolSignal, demandChangedSignal, demandStatusQuery, lookAtQueueSignal } from './messages.js';
import { poolWorkflowId, sharedTaskQueue, type DemandReport } from './model.js';
import { demandOf, demandStatus, type PoolAnnouncement } from './policy/demand.js';

export interface DemandInput {
  repository: string;
  /** What the run before this one knew. */
  pools?: PoolAnnouncement[];
  report?: DemandReport | null;
  trouble?: string | null;
  /** Start afresh after so many events; the server's own suggestion when left out. */
  maxHistoryEvents?: number;
}

const pauseMs = { first: 5_000, longest: 60_000 };

/** Watches the repository's queued jobs, for ever, and tells each pool how many of them it could serve. */
export async function demandWorkflow(input: DemandInput): Promise<void> {
  let pools = input.pools ?? [];
  let report = input.report ?? null;
  let trouble = input.trouble ?? null;
  let news = 1;
  let told = 0;
  setHandler(announcePoolSignal, (pool) => {
    pools = [...pools.filter(({ host }) => host !== pool.host), pool];
    news += 1;
  });
  // What lasts until there is news is broken off, and begins with a look.
  let look = new CancellationScope();
  setHandler(lookAtQueueSignal, () => look.cancel());
  setHandler(demandStatusQuery, () => demandStatus(input.repository, pools, report, trouble));

  // It ends with this run.
  watchQueue().catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  const timeForANewRun = () => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (input.maxHistoryEvents ?? Infinity);
  };
  while (!timeForANewRun()) {
    await condition(() => news !== told || timeForANewRun());
    told = news;
    await Promise.all(pools.map(tell));
  }
  await continueAsNew<typeof demandWorkflow>({ ...input, pools, report, trouble });

  async function tell(pool: PoolAnnouncement): Promise<void> {
    if (!report) return;
    try {
      await getExternalWorkflowHandle(poolWorkflowId(pool.host)).signal(
        demandChangedSignal,
        demandOf(pool, report, trouble),
      );
    } catch (error) {
      // Its workflow is gone; its worker announces it again when it starts.
      log.warn('a pool is not there any more', { host: pool.host, error });
      pools = pools.filter(({ host }) => host !== pool.host);
    }
  }

  async function watchQueue(): Promise<void> {
    const activities = proxyActivities<GithubActivities>({
      taskQueue: sharedTaskQueue,
      startToCloseTimeout: '30 days',
      heartbeatTimeout: '15 s',
      retry: { maximumAttempts: 1 },
      cancellationType: ActivityCancellationType.TRY_CANCEL,
    });
    await condition(() => pools.length > 0);
    for (let pause = pauseMs.first; ;) {
      const pollIntervalMs = Math.min(...pools.map((pool) => pool.pollIntervalMs), 60_000);
      look = new CancellationScope();
      try {
        // After trouble any good look is news: that the queue is seen again.
        const previous = trouble === null ? report : null;
        report = await look.run(() => activities.watchDemand({ pollIntervalMs, previous }));
        trouble = null;
        pause = pauseMs.first;
        news += 1;
      } catch (error) {
        if (isCancellation(error)) {
          if (CancellationScope.current().consideredCancelled) throw error;
          continue;
        }
        if (trouble === null) news += 1;
        trouble = failureMessage(error);
        await sleep(Math.max(pause, retryAfterMs(error)));
        pause = Math.min(pause * 2, pauseMs.longest);
      }
    }
  }
}
