import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { EndReason, RunnerState, RunnerTimeline } from './model.js';
import type { OrderInput, OrderName } from './orders.js';
import type { DemandStatus, PoolAnnouncement } from './policy/demand.js';
import type { Plan } from './policy/actions.js';
import type { Demand } from './policy/pool-state.js';
import type { PoolStatus } from './policy/status.js';

/** What an order's update answers. */
export interface Accepted {
  accepted: OrderName;
  /** Runners that it concerns at once. */
  runners: string[];
}

const orderSignal = <Name extends OrderName>(name: Name) => defineSignal<[OrderInput<Name>?]>(name);
const orderUpdate = <Name extends OrderName>(name: Name) =>
  defineUpdate<Accepted, [OrderInput<Name> | undefined]>(name);

/** Each order is a signal, and an update of the same name that answers when it is accepted. */
export const drainSignal = orderSignal('drain');
export const resumeSignal = orderSignal('resume');
export const cleanupSignal = orderSignal('cleanup');
export const recycleSignal = orderSignal('recycle');
export const resizeSignal = orderSignal('resize');
export const configureSignal = orderSignal('configure');
export const drainUpdate = orderUpdate('drain');
export const resumeUpdate = orderUpdate('resume');
export const cleanupUpdate = orderUpdate('cleanup');
export const recycleUpdate = orderUpdate('recycle');
export const resizeUpdate = orderUpdate('resize');
export const configureUpdate = orderUpdate('configure');

export const statusQuery = defineQuery<PoolStatus>('status');
export const planQuery = defineQuery<Plan>('plan');

/** Between workflows: a runner tells its pool what it is now. */
export const runnerChangedSignal = defineSignal<[RunnerState]>('runnerChanged');
/** Between workflows: the demand workflow tells a pool what it could serve. */
export const demandChangedSignal = defineSignal<[Demand]>('demandChanged');

/** Between workflows: the pool gives a standby container its turn. */
export const activateSignal = defineSignal<[{ labels: string[]; jobTimeoutMs: number }]>('activate');
/** Ends a runner; without `force` it declines while it runs a job. */
export const endSignal = defineSignal<[{ reason: EndReason; force: boolean; detail?: string }]>('end');
/** Asks a runner to tell its pool what it is. */
export const reportSignal = defineSignal('report');
export const timelineQuery = defineQuery<
  Omit<RunnerTimeline, 'outcome' | 'endReason'> & { phase: RunnerState['phase'] }
>('timeline');

/** Between workers and the demand workflow: a pool wants to know what it could serve. */
export const announcePoolSignal = defineSignal<[PoolAnnouncement]>('announcePool');
/** Between workflows: a pool has reason to believe that the queue has changed. */
export const lookAtQueueSignal = defineSignal('lookAtQueue');
export const demandStatusQuery = defineQuery<DemandStatus>('status');
