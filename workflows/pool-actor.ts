import {
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { GithubActivities } from '../activities/contract.js';
import { failureMessage } from './failures.js';
import { activateSignal, endSignal, lookAtQueueSignal, reportSignal } from './messages.js';
import { demandWorkflowId, runnerWorkflowId, sharedTaskQueue } from './model.js';
import { noteAction } from './policy/act.js';
import type { Action } from './policy/actions.js';
import { effectiveConfig, type PoolState } from './policy/pool-state.js';
import type { RunnerInput, runnerWorkflow } from './runner.js';

const github = proxyActivities<GithubActivities>({
  taskQueue: sharedTaskQueue,
  startToCloseTimeout: '60 s',
  retry: { maximumAttempts: 3 },
});

/** Most actions under way: what is left over is planned again, from what is true by then. */
const cap = 32;

/** Carries out what was planned. A failure of one action is noted and never keeps the others back. */
export class PoolActor {
  private underWay = 0;
  /** Some actions wait until others have ended. */
  private isFull = false;

  constructor(
    private readonly state: PoolState,
    private readonly changed: () => void,
  ) {}

  /** Begins as many as may be under way, and returns their number; what has begun is not waited for. */
  begin(actions: Action[]): number {
    const round = actions.slice(0, cap - this.underWay);
    this.isFull = round.length < actions.length;
    for (const action of round) {
      // Written down at once: the next plan must not order the same again.
      noteAction(this.state, action, Date.now());
      this.underWay += 1;
      void this.tryOne(action);
    }
    return round.length;
  }

  async finished(): Promise<void> {
    await condition(() => this.underWay === 0);
  }

  private async tryOne(action: Action): Promise<void> {
    try {
      await this.one(action);
    } catch (error) {
      log.warn('action failed', { action, error });
      this.noteFailed(action);
    }
    this.underWay -= 1;
    if (this.isFull) this.changed();
  }

  private noteFailed(action: Action): void {
    if (action.do === 'deregister' || action.do === 'ask-for-queue') return;
    const runner = this.state.runners[action.name];
    // Its workflow is gone, and a last report would have been here before: it is taken over. One that could not be
    // started is dropped; what there is of it on the host is found by the next look.
    if (action.do === 'activate' || action.do === 'end') {
      if (runner) runner.orphaned = true;
    } else delete this.state.runners[action.name];
    this.changed();
  }

  private async one(action: Action): Promise<void> {
    log.info(`${action.do}`, { ...action });
    switch (action.do) {
      case 'create':
        return await this.start(action.name, false);
      case 'adopt':
        return await this.start(action.name, true);
      case 'activate': {
        const { labels, jobTimeoutMs } = effectiveConfig(this.state);
        return await this.runner(action.name).signal(activateSignal, { labels, jobTimeoutMs });
      }
      case 'end': {
        const { reason, force, detail } = action;
        return await this.runner(action.name).signal(endSignal, { reason, force, detail });
      }
      case 'ask-for-queue':
        return await getExternalWorkflowHandle(demandWorkflowId(this.state.config.repository)).signal(
          lookAtQueueSignal,
        );
      case 'deregister': {
        const { runnerName, runnerId } = action;
        // Not waited for: a slow GitHub must not keep the next round back.
        github.removeRunner({ runnerName, runnerId, ended: false }).catch((error: unknown) => {
          log.warn('registration not removed', { runner: runnerName, reason: failureMessage(error) });
        });
        return;
      }
    }
  }

  private async start(name: string, adopt: boolean): Promise<void> {
    const runner = this.state.runners[name];
    if (!runner) return;
    const { host, labels, jobTimeoutMs, runnerStartupTimeoutMs, githubServerUrl } = effectiveConfig(
      this.state,
    );
    const input: RunnerInput = {
      host,
      runner: { ...stripped(runner), labels: adopt ? labels : [] },
      adopt,
      jobTimeoutMs,
      runnerStartupTimeoutMs,
      githubServerUrl,
    };
    try {
      await startChild<typeof runnerWorkflow>('runnerWorkflow', {
        args: [input],
        workflowId: runnerWorkflowId(host, name),
        taskQueue: sharedTaskQueue,
        // A runner outlives the pool's run, and the pool itself.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: adopt
          ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
          : WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: `${host} ${name}`,
      });
    } catch (error) {
      if (!adopt || !(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError'))
        throw error;
      // It lives; this pool has only forgotten it.
      await this.runner(name).signal(reportSignal);
    }
  }

  private runner(name: string) {
    return getExternalWorkflowHandle(runnerWorkflowId(this.state.config.host, name));
  }
}

function stripped(runner: RunnerInput['runner']): RunnerInput['runner'] {
  const {
    name,
    slot,
    runnerName,
    phase,
    phaseSince,
    createdAt,
    system,
    containerGone,
    activationsFailed,
    endsRefused,
    version,
  } = runner;
  return {
    name,
    slot,
    runnerName,
    phase,
    phaseSince,
    createdAt,
    system,
    labels: [],
    containerGone,
    activationsFailed,
    endsRefused,
    version,
  };
}
