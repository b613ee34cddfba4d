#!/usr/bin/env node
import { hostOf, hostOption, operatorCommand, runOperatorCommand, wholeNumber } from './lib/command.js';
import { historyText } from './lib/history-text.js';
import { readHistory } from './lib/history.js';
import { printJson, say } from './lib/output.js';
import { withTemporal } from './lib/temporal.js';

interface Options {
  host?: string;
  all?: boolean;
  failed?: boolean;
  limit: number;
  json?: boolean;
}

const command = operatorCommand(
  'runner-history',
  'Shows ended runners with their jobs, newest first, as far back as Temporal keeps them.',
)
  .addOption(hostOption())
  .option('--all', 'of every host')
  .option('--failed', 'only those that failed or whose job was interrupted')
  .option('--limit <number>', 'at most so many', wholeNumber, 20)
  .action(async ({ all = false, failed = false, limit, json, ...options }: Options) => {
    const host = all ? undefined : hostOf(options);
    const records = await withTemporal((client) => readHistory(client, { host, failed, limit }));
    if (json) printJson(records);
    else say(historyText(records));
  });

await runOperatorCommand(command);
