import { z } from 'zod';

/** Which calls a fault meets: without `method` and `route` any REST call; the next `times` of them. */
const call = {
  method: z.string().toUpperCase().optional(),
  /** As GitHub's description or the runner protocol writes it, e.g. `/repos/{owner}/{repo}/actions/runners`. */
  route: z.string().startsWith('/').optional(),
  times: z.int().positive().default(1),
};
/** The call does its work (a runner is registered) before it fails. */
const afterWork = z.boolean().default(false);

/** A fault to inject. `list-lag`, `token-refused` and `outage` last until cleared; the others are counted. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    ...call,
    afterWork,
    status: z.int().min(200).max(599),
    /** Sent as `retry-after`. */
    retryAfterS: z.number().optional(),
    message: z.string().optional(),
    /** Instead of GitHub's usual error body. */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({ kind: z.literal('drop'), ...call, afterWork }),
  z.strictObject({ kind: z.literal('delay'), ...call, delayMs: z.number().nonnegative() }),
  /** Runners younger than `lagMs` are missing from lists. */
  z.strictObject({ kind: z.literal('list-lag'), lagMs: z.number().nonnegative() }),
  /** The next job handed out vanishes with the runner's registration, while its session goes on listening. */
  z.strictObject({
    kind: z.literal('lost-assignment'),
    times: call.times,
    /** When GitHub offers the job to another runner. */
    requeueAfterMs: z.number().nonnegative().default(60_000),
  }),
  z.strictObject({ kind: z.literal('token-refused'), token: z.string().optional() }),
  z.strictObject({ kind: z.literal('outage'), mode: z.enum(['status', 'refuse']).default('status') }),
  /** Sessions of runners are refused with 426. */
  z.strictObject({ kind: z.literal('version-deprecated'), times: z.int().positive().optional() }),
]);

export type FaultInput = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;
type Kind = Fault['kind'];
type FaultOf<K extends Kind> = Extract<Fault, { kind: K }>;

/** The faults that are still to come. */
export class Faults {
  #active: { fault: Fault; left: number }[] = [];

  add(input: FaultInput): void {
    const fault = faultSchema.parse(input);
    const left = 'times' in fault ? (fault.times ?? Infinity) : Infinity;
    this.#active.push({ fault, left });
  }

  clear(): void {
    this.#active = [];
  }

  /** The first active fault of this kind that `matches`, without using it up. */
  find<K extends Kind>(
    kind: K,
    matches: (fault: FaultOf<K>) => boolean = () => true,
  ): FaultOf<K> | undefined {
    return this.#entry(kind, matches)?.fault as FaultOf<K> | undefined;
  }

  /** Like `find`, and counts one use of it. */
  take<K extends Kind>(
    kind: K,
    matches: (fault: FaultOf<K>) => boolean = () => true,
  ): FaultOf<K> | undefined {
    const entry = this.#entry(kind, matches);
    if (entry && --entry.left <= 0) this.#active = this.#active.filter((other) => other !== entry);
    return entry?.fault as FaultOf<K> | undefined;
  }

  #entry<K extends Kind>(kind: K, matches: (fault: FaultOf<K>) => boolean) {
    return this.#active.find(({ fault }) => fault.kind === kind && matches(fault as FaultOf<K>));
  }
}

/** Whether a counted fault is meant for this call. */
export function meets(fault: { method?: string; route?: string }, method: string, route: string): boolean {
  if (!fault.method && !fault.route) return !route.startsWith('/_');
  return (!fault.method || fault.method === method) && (!fault.route || fault.route === route);
}
