#!/usr/bin/env node
import {
  CommandError,
  hostOf,
  hostOption,
  operatorCommand,
  runOperatorCommand,
  wholeNumber,
} from './lib/command.js';
import { cleanUpDirectly } from './lib/cleanup-direct.js';
import { cleanUpThroughPool } from './lib/cleanup-through-pool.js';

interface Options {
  host?: string;
  yes?: boolean;
  direct?: boolean;
  reason?: string;
  timeout: number;
  json?: boolean;
}

const command = operatorCommand(
  'cleanup-all-containers',
  'Destroys every container of a pool, busy ones too: their jobs fail. The pool then fills up again, unless it is drained.',
)
  .addOption(hostOption())
  .option('--yes', 'do not ask')
  .option('--reason <text>', 'why, for the record of each runner')
  .option('--timeout <seconds>', 'give up watching after this time; the order stands', wholeNumber, 600)
  .option(
    '--direct',
    'for when Temporal is away: this machine destroys its own containers itself (as root; stop runner-controller first)',
  )
  .action(async ({ yes = false, direct = false, json = false, timeout, reason, ...options }: Options) => {
    if (!direct)
      return cleanUpThroughPool({ host: hostOf(options), yes, json, reason, timeoutMs: timeout * 1000 });
    if (options.host !== undefined) {
      throw new CommandError('--direct destroys what is on this machine, so it can not be given a --host.');
    }
    return cleanUpDirectly({ host: hostOf({}), yes, json });
  });

await runOperatorCommand(command);
