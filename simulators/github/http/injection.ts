import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../contract/contract.js';
import { meets, type Fault, type Faults } from '../state/faults.js';
import { usualMessage } from './github-error.js';

/** What an injected fault makes of a call: an answer, a dropped connection, or nothing. */
export type Injection = Answer | 'drop' | undefined;

interface Target {
  method: string;
  /** With its parameters in braces. */
  path: string;
  documentationUrl: string;
}

/** The faults that a call meets before its work is done. */
export async function injectBefore(faults: Faults, target: Target): Promise<Injection> {
  const outage = faults.find('outage');
  if (outage) return outage.mode === 'refuse' ? 'drop' : errorAnswer(target, 503);
  const delay = faults.take('delay', (fault) => meets(fault, target.method, target.path));
  if (delay) await sleep(delay.delayMs);
  return inject(faults, target, false);
}

/** The faults that a call meets when its work is done. */
export function injectAfter(faults: Faults, target: Target): Injection {
  return inject(faults, target, true);
}

function inject(faults: Faults, target: Target, afterWork: boolean): Injection {
  const isMet = (fault: Extract<Fault, { kind: 'drop' | 'status' }>) =>
    fault.afterWork === afterWork && meets(fault, target.method, target.path);
  if (faults.take('drop', isMet)) return 'drop';
  const fault = faults.take('status', isMet);
  if (!fault) return undefined;
  const { body, headers } = errorAnswer(target, fault.status, fault.message);
  const retryAfter: Record<string, string> =
    fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) };
  return {
    status: fault.status,
    body: fault.body ?? body,
    headers: { ...headers, ...retryAfter, ...fault.headers },
  };
}

function errorAnswer({ documentationUrl }: Target, status: number, message = usualMessage(status)): Answer {
  return { status, body: { message, documentation_url: documentationUrl, status: String(status) } };
}
