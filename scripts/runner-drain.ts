#!/usr/bin/env node
import { drainUpdate } from '../workflows/messages.js';
import type { PoolStatus } from '../workflows/policy/status.js';
import {
  CommandError,
  hostOf,
  hostOption,
  operatorCommand,
  runOperatorCommand,
  wholeNumber,
} from './lib/command.js';
import { follow, withContainer } from './lib/follow.js';
import { count, printJson, say } from './lib/output.js';
import { poolOf, type Pool } from './lib/pool.js';
import { withTemporal } from './lib/temporal.js';

interface Options {
  host?: string;
  now?: boolean;
  reason?: string;
  wait?: boolean;
  timeout?: number;
  json?: boolean;
}

const command = operatorCommand(
  'runner-drain',
  'Empties a pool: no further job starts here, until runner-resume.',
)
  .addOption(hostOption())
  .option('--now', 'end running jobs too, instead of letting them finish')
  .option('--reason <text>', 'why, for whoever looks at the status')
  .option('--wait', 'wait until the pool is empty, and tell how it goes')
  .option(
    '--timeout <seconds>',
    'with --wait: give up waiting after this time; the drain stands',
    wholeNumber,
  )
  .action(async (options: Options) => {
    await withTemporal((client) => drain(poolOf(client, hostOf(options)), options));
  });

async function drain(pool: Pool, { now, reason, wait, timeout, json }: Options): Promise<void> {
  await pool.order(drainUpdate, {
    mode: now ? 'now' : 'finish-jobs',
    ...(reason !== undefined && { reason }),
  });
  const tell = json ? () => undefined : say;
  const status = await pool.status();
  tell(acceptance(status));
  if (!wait) {
    if (json) printJson(result(status));
    return;
  }
  if (withContainer(status).length > 0)
    tell('Waiting until it is empty; Ctrl-C ends the waiting, not the drain.');
  const isDone = (seen: PoolStatus) => {
    if (seen.drain === null)
      throw new CommandError(`${pool.host} has been resumed meanwhile: it takes jobs.`);
    return withContainer(seen).length === 0;
  };
  const end = await follow({
    pool,
    tell,
    isDone,
    ...(timeout !== undefined && { timeoutMs: timeout * 1000 }),
  });
  tell(emptiness(end));
  if (json) printJson(result(end));
}

function acceptance({ host, drain, counts }: PoolStatus): string {
  const jobs = count(counts.busy, 'running job');
  const fate = drain?.mode === 'now' ? `ending ${jobs} now` : `letting ${jobs} finish`;
  return `${host} starts no further job${counts.busy > 0 ? `, ${fate}` : ''}.`;
}

function emptiness({ host, runners }: PoolStatus): string {
  const debts = runners.filter(({ containerGone }) => containerGone);
  if (debts.length === 0) return `${host} is empty: no container, no registration.`;
  const names = debts.map(({ runnerName }) => runnerName).join(', ');
  return `${host} has no container any more; GitHub still keeps ${names}, which the pool goes on to remove.`;
}

/** What programs get. */
function result(status: PoolStatus) {
  const { host, drain, counts, runners } = status;
  return { host, drain, empty: withContainer(status).length === 0, counts, runners };
}

await runOperatorCommand(command);
