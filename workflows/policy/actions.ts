import type { EndReason } from '../model.js';

/** One thing to do, and why. */
export type Action =
  | { do: 'create'; name: string; slot: number; serial: number; reason: string }
  | { do: 'adopt'; name: string; slot: number; reason: string }
  | { do: 'activate'; name: string; reason: string }
  | { do: 'end'; name: string; reason: EndReason; force: boolean; detail?: string }
  /** The demand workflow looks at the queue now. */
  | { do: 'ask-for-queue'; reason: string }
  | { do: 'deregister'; runnerName: string; runnerId: number; reason: string };

export interface Plan {
  actions: Action[];
  /** What would be done but for something in the way, a sentence each. */
  held: string[];
  /** When to plan again if nothing happens before. */
  wakeAt: number | null;
}
