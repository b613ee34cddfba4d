import {
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { PoolActor } from './pool-actor.js';
import { handleOrders } from './pool-orders.js';
import { PoolWatches } from './pool-watches.js';
import type { PoolConfig } from './model.js';
import { plan } from './policy/plan.js';
import { newPoolState, restoredPoolState, type PoolState } from './policy/pool-state.js';

export interface PoolInput {
  config: PoolConfig;
  /** What the run before this one knew. */
  state?: PoolState;
  /** Start afresh after so many events; the server's own suggestion when left out. */
  maxHistoryEvents?: number;
}

/**
 * A host's pool, for ever: what is seen goes into the state, the state makes a plan, the plan is carried out. It
 * wakes when something changes or when time alone would change the plan, and never counts on memory alone.
 */
export async function poolWorkflow(input: PoolInput): Promise<void> {
  const state = input.state ? restoredPoolState(input.state) : newPoolState(input.config);
  let changes = 0;
  const changed = () => {
    changes += 1;
  };
  handleOrders(state, changed);
  const watches = new PoolWatches(state, changed);
  const actor = new PoolActor(state, changed);
  while (!isTimeForANewRun(input)) {
    const seen = changes;
    watches.arm();
    watches.lookAgain();
    const { actions, held, wakeAt } = plan(state, Date.now());
    setCurrentDetails(details(state, held));
    // What has begun is part of the state: there may be more to do with it.
    if (actor.begin(actions) > 0) continue;
    const woken = () => changes !== seen || isTimeForANewRun(input);
    if (wakeAt === null) await condition(woken);
    else await condition(woken, Math.max(1, wakeAt - Date.now()));
  }
  await actor.finished();
  await condition(allHandlersFinished);
  log.info('pool goes on in a new run', { events: workflowInfo().historyLength });
  await continueAsNew<typeof poolWorkflow>({ ...input, config: state.config, state });
}

function isTimeForANewRun({ maxHistoryEvents }: PoolInput): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (maxHistoryEvents !== undefined && historyLength >= maxHistoryEvents);
}

function details(state: PoolState, held: string[]): string {
  const phases = Object.values(state.runners).map(
    ({ name, phase, job }) => `- ${name} ${phase}${job ? ` ${job.job}` : ''}`,
  );
  const drain = state.drain ? `draining: ${state.drain.reason ?? state.drain.mode}` : '';
  return [
    `**${state.config.host}** ${state.demand.queued} job(s) queued ${drain}`,
    ...phases,
    ...held.map((line) => `held: ${line}`),
  ].join('\n');
}
