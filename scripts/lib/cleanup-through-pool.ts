import { cleanupUpdate } from '../../workflows/messages.js';
import { confirm } from './confirm.js';
import { follow, withContainer } from './follow.js';
import { count, printJson, say } from './output.js';
import { poolOf } from './pool.js';
import { withTemporal } from './temporal.js';

interface Cleanup {
  host: string;
  yes: boolean;
  json: boolean;
  reason?: string;
  timeoutMs: number;
}

/** Has the pool destroy all it has, and watches until that is gone. Error: CommandError. */
export async function cleanUpThroughPool({ host, yes, json, reason, timeoutMs }: Cleanup): Promise<void> {
  await withTemporal(async (client) => {
    const pool = poolOf(client, host);
    const before = await pool.status();
    const { busy } = before.counts;
    if (!yes) {
      const jobs = busy > 0 ? `, and ${count(busy, 'running job')} fail${busy === 1 ? 's' : ''}` : '';
      await confirm(`Destroy ${count(withContainer(before).length, 'container')} of ${host}${jobs}?`);
    }
    const { runners } = await pool.order(cleanupUpdate, { ...(reason !== undefined && { reason }) });
    // What was being removed already is waited for too.
    const names = new Set([...runners, ...withContainer(before).map(({ name }) => name)]);
    const after = await follow({
      pool,
      names,
      timeoutMs,
      isDone: (status) => !withContainer(status).some(({ name }) => names.has(name)),
      tell: json ? () => undefined : say,
    });
    const kept = after.runners.filter(({ name }) => names.has(name)).map(({ runnerName }) => runnerName);
    if (json)
      printJson({
        host,
        destroyed: [...names].sort(),
        registrationsLeft: kept,
        drained: after.drain !== null,
      });
    else say(summary(host, names.size, kept, after.drain !== null));
  });
}

function summary(host: string, destroyed: number, kept: string[], drained: boolean): string {
  const debts =
    kept.length > 0 ? ` GitHub still keeps ${kept.join(', ')}, which the pool goes on to remove.` : '';
  const next = drained
    ? 'it stays empty, because it is drained'
    : 'it fills up again (runner-drain first, if it is to stay empty)';
  return `${count(destroyed, 'container')} of ${host} destroyed; ${next}.${debts}`;
}
