#!/usr/bin/env node
import { Option } from 'commander';
import { cleanUpDirectly } from './lib/cleanup-direct.js';
import { cleanUpThroughPool } from './lib/cleanup-through-pool.js';
import { hostOf, hostOption, operatorCommand, runOperatorCommand, wholeNumber } from './lib/command.js';

interface Options {
  host?: string;
  yes?: boolean;
  direct?: boolean;
  reason?: string;
  timeout: number;
  json?: boolean;
}

const description =
  'Destroys every container of a pool, busy ones too: their jobs fail. The pool then fills up again, unless it is drained.';

// What is on this machine is this machine's: no other host can be meant.
const directOption = new Option(
  '--direct',
  'for when Temporal is away: this machine destroys its own containers itself (as root; stop runner-controller first)',
).conflicts('host');

const command = operatorCommand('cleanup-all-containers', description)
  .addOption(hostOption())
  .addOption(directOption)
  .option('--yes', 'do not ask')
  .option('--reason <text>', 'why, for the record of each runner')
  .option('--timeout <seconds>', 'give up watching after this time; the order stands', wholeNumber, 600)
  .action(async ({ yes = false, direct = false, json = false, timeout, reason, host }: Options) => {
    if (direct) await cleanUpDirectly({ host: hostOf({}), yes, json });
    else await cleanUpThroughPool({ host: hostOf({ host }), yes, json, reason, timeoutMs: timeout * 1000 });
  });

await runOperatorCommand(command);
