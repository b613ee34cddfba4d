#!/usr/bin/env node
import type { Client } from '@temporalio/client';
import { CommandError, hostOf, hostOption, operatorCommand, runOperatorCommand } from './lib/command.js';
import { runnersOf, viewGithub, type GithubView } from './lib/github-view.js';
import { printJson, say } from './lib/output.js';
import { demandOf, listHosts, poolOf } from './lib/pool.js';
import { statusText, type StatusReport } from './lib/status-text.js';
import { withTemporal } from './lib/temporal.js';
import { findWorker } from './lib/worker-presence.js';

interface Options {
  host?: string;
  all?: boolean;
  json?: boolean;
}

const command = operatorCommand(
  'runner-status',
  'Shows a pool: its runners and their jobs, what waits, and what stands in the way.',
)
  .addOption(hostOption())
  .option('--all', 'show every pool that Temporal knows')
  .action(async (options: Options) => {
    await withTemporal(async (client) => (options.all ? showAll(client, options) : showOne(client, options)));
  });

async function showOne(client: Client, options: Options): Promise<void> {
  const report = await reportOf(client, hostOf(options), viewGithub());
  if (options.json) printJson(report);
  else say(statusText(report));
}

/** One pool that can't be told about does not keep the others back. */
async function showAll(client: Client, { json }: Options): Promise<void> {
  const hosts = await listHosts(client);
  if (hosts.length === 0) throw new CommandError('Temporal knows no pool: has a worker ever been started?');
  const github = viewGithub();
  const results = await Promise.allSettled(hosts.map((host) => reportOf(client, host, github)));
  const reports = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (json) printJson(reports);
  else say(reports.map(statusText).join('\n\n'));
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (failed.length > 0) throw new CommandError(failed.map(({ message }) => message).join(' '));
}

async function reportOf(client: Client, host: string, github: Promise<GithubView>): Promise<StatusReport> {
  const worker = await findWorker(client, host);
  const pool = await poolOf(client, host).status();
  // An organisation's queue is watched by nobody, and a demand workflow may be gone: the pool is told all the same.
  const demand = await demandOf(client, pool.config.repository).catch((error: unknown) => {
    if (error instanceof CommandError) return null;
    throw error;
  });
  const view = await github;
  return {
    host,
    worker,
    pool,
    demand,
    github:
      'runners' in view
        ? { runners: runnersOf(host, view.runners), trouble: null }
        : { runners: null, trouble: view.trouble },
  };
}

await runOperatorCommand(command);
