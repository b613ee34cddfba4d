#!/usr/bin/env node
import { resumeUpdate } from '../workflows/messages.js';
import { hostOf, hostOption, operatorCommand, runOperatorCommand } from './lib/command.js';
import { age, printJson, say } from './lib/output.js';
import { poolOf } from './lib/pool.js';
import { withTemporal } from './lib/temporal.js';

interface Options {
  host?: string;
  json?: boolean;
}

const command = operatorCommand(
  'runner-resume',
  'Lets a drained pool take jobs again; also ends the pauses that followed failures.',
)
  .addOption(hostOption())
  .action(async (options: Options) => {
    await withTemporal(async (client) => {
      const pool = poolOf(client, hostOf(options));
      const { drain } = await pool.status();
      await pool.order(resumeUpdate, {});
      if (options.json) printJson({ host: pool.host, wasDrained: drain !== null });
      else
        say(
          `${pool.host} takes jobs again${drain ? `, after ${age(drain.since)}` : ': it was not drained'}.`,
        );
    });
  });

await runOperatorCommand(command);
