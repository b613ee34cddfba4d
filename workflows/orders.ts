import { z } from 'zod';
import type { PoolConfig } from './model.js';

/** Payloads of the orders that a person gives to a pool; each may be left out, or be `{}`. */
const makeOrders = () => ({
  drain: z.strictObject({
    mode: z.enum(['finish-jobs', 'now']).default('finish-jobs'),
    reason: z.string().max(500).optional(),
  }),
  resume: z.strictObject({}),
  cleanup: z.strictObject({ reason: z.string().max(500).optional() }),
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
});

type Orders = ReturnType<typeof makeOrders>;
export type OrderName = keyof Orders;
export type OrderInput<Name extends OrderName> = z.input<Orders[Name]>;
export type Order<Name extends OrderName> = z.output<Orders[Name]>;

let made: Orders | undefined;

/** Not at the top of the module, which is frozen once it is preloaded: schemas complete themselves when used. */
const orders = () => (made ??= makeOrders());

export const orderNames = () => Object.keys(orders()) as OrderName[];

/** What is wrong with an order's payload, in one sentence; null when nothing is. */
export function orderFault(name: OrderName, input: unknown): string | null {
  const parsed = orders()[name].safeParse(input ?? {});
  if (parsed.success) return null;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length ? `${path.join('.')}: ${message}` : message,
  );
  return `${name}: ${faults.join('; ')}`;
}

export function parseOrder<Name extends OrderName>(name: Name, input: unknown): Order<Name> {
  return orders()[name].parse(input ?? {}) as Order<Name>;
}
