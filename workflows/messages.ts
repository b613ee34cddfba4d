import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { z } from 'zod';
import type { EndReason, PoolConfig, RunnerState, RunnerTimeline } from './model.js';
import type { DemandStatus, PoolAnnouncement } from './policy/demand.js';
import type { Plan } from './policy/plan.js';
import type { Demand } from './policy/pool-state.js';
import type { PoolStatus } from './policy/status.js';

const reason = z.string().max(500);

/** Payloads of the orders that a person gives to a pool; each may be left out, or be `{}`. */
export const orders = {
  drain: z.strictObject({ mode: z.enum(['finish-jobs', 'now']).default('finish-jobs'), reason: reason.optional() }),
  resume: z.strictObject({}),
  cleanup: z.strictObject({ reason: reason.optional() }),
  recycle: z.strictObject({}),
  resize: z
    .strictObject({
      maxConcurrentJobs: z.int().min(0).max(200).optional(),
      warmRunners: z.int().min(0).max(200).optional(),
      standbyContainers: z.int().min(0).max(200).optional(),
    })
    .refine((value) => Object.values(value).some((number) => number !== undefined), {
      error: 'name at least one of maxConcurrentJobs, warmRunners, standbyContainers',
    }),
  configure: z.strictObject({
    host: z.string().min(1).max(48),
    repository: z.string().min(1),
    labels: z.array(z.string().min(1).max(256)).min(1).max(100),
    maxConcurrentJobs: z.int().min(0).max(200),
    warmRunners: z.int().min(0).max(200),
    standbyContainers: z.int().min(0).max(200),
    pollIntervalMs: z.int().min(50),
    jobTimeoutMs: z.int().min(1000),
    runnerStartupTimeoutMs: z.int().min(1000),
    containerSystem: z.string().min(1),
    githubServerUrl: z.string().min(1),
  }) satisfies z.ZodType<PoolConfig>,
};

export type OrderName = keyof typeof orders;
export type OrderInput<Name extends OrderName> = z.input<(typeof orders)[Name]>;
export type Order<Name extends OrderName> = z.output<(typeof orders)[Name]>;

/** What is wrong with an order's payload, in one sentence; null when nothing is. */
export function orderFault(name: OrderName, input: unknown): string | null {
  const parsed = orders[name].safeParse(input ?? {});
  if (parsed.success) return null;
  const faults = parsed.error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message));
  return `${name}: ${faults.join('; ')}`;
}

export function parseOrder<Name extends OrderName>(name: Name, input: unknown): Order<Name> {
  return orders[name].parse(input ?? {}) as Order<Name>;
}

/** What an order's update answers. */
export interface Accepted {
  accepted: OrderName;
  /** Runners that it concerns at once. */
  runners: string[];
}

const orderSignal = <Name extends OrderName>(name: Name) => defineSignal<[OrderInput<Name>?]>(name);
const orderUpdate = <Name extends OrderName>(name: Name) => defineUpdate<Accepted, [OrderInput<Name> | undefined]>(name);

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
export const timelineQuery = defineQuery<Omit<RunnerTimeline, 'outcome' | 'endReason'> & { phase: RunnerState['phase'] }>('timeline');

/** Between workers and the demand workflow: a pool wants to know what it could serve. */
export const announcePoolSignal = defineSignal<[PoolAnnouncement]>('announcePool');
export const demandStatusQuery = defineQuery<DemandStatus>('status');
