#!/usr/bin/env node
import { readHostConfig, readHostName } from '../workers/config.js';
import { failureMessage } from '../workflows/failures.js';
import type { GithubRunner } from '../workflows/model.js';
import { containerOf } from '../workflows/policy/names.js';
import { CommandError, operatorCommand, runOperatorCommand } from './lib/command.js';
import { githubClient, runnersOf } from './lib/github-view.js';
import { count, printJson, say } from './lib/output.js';
import { listOwnContainers } from './lib/own-containers.js';
import { isRunnerOpen } from './lib/runner-workflows.js';
import { withTemporal } from './lib/temporal.js';

interface Options {
  dryRun?: boolean;
  json?: boolean;
}

interface Verdict {
  runner: string;
  action: 'kept' | 'deleted' | 'would be deleted';
  reason: string;
}

const command = operatorCommand(
  'cleanup-github-runners',
  "Deletes offline registrations of this host that nothing stands behind; never another host's.",
)
  .option('--dry-run', 'only tell what would be deleted')
  .action(cleanUp);

async function cleanUp({ dryRun = false, json }: Options): Promise<void> {
  const host = readHostName();
  const github = githubClient();
  const all = await github.listRunners();
  // Looked for after the list: a container comes before its registration, so one that is missing now is gone.
  const containers = new Set(await listOwnContainers(readHostConfig()));
  const verdicts: Verdict[] = [];
  const add = (runner: GithubRunner, action: Verdict['action'], reason: string) => {
    verdicts.push({ runner: runner.name, action, reason });
    if (!json) say(`${action.padEnd(dryRun ? 17 : 8)} ${runner.name}  (${reason})`);
  };
  const fault = await withTemporal(async (client) => {
    for (const runner of runnersOf(host, all)) {
      const reason = await reasonToKeep(runner, containers, (name) => isRunnerOpen(client, host, name), host);
      if (reason !== null) add(runner, 'kept', reason);
      else if (dryRun) add(runner, 'would be deleted', 'offline, without container and workflow');
      else if ((await github.deleteRunner(runner)) === 'busy')
        add(runner, 'kept', 'GitHub says that it is running a job');
      else add(runner, 'deleted', 'offline, without container and workflow');
    }
    return null;
  }).catch((error: unknown) => error);

  const left = fault === null ? runnersOf(host, await github.listRunners()).map(({ name }) => name) : null;
  const others = all.length - runnersOf(host, all).length;
  if (json) printJson({ host, dryRun, verdicts, left, otherRunners: others });
  else if (left !== null) say(summary(host, verdicts, left.length, others));
  if (fault !== null) {
    throw new CommandError(`stopped after ${count(verdicts.length, 'runner')}: ${failureMessage(fault)}`, {
      cause: fault,
    });
  }
}

/** Null when nothing stands behind the registration. */
async function reasonToKeep(
  { name, busy, status }: GithubRunner,
  containers: ReadonlySet<string>,
  isOpen: (name: string) => Promise<boolean>,
  host: string,
): Promise<string | null> {
  if (busy) return `${status}, busy`;
  if (status === 'online') return 'online';
  const container = containerOf(host, name) ?? name;
  if (containers.has(container)) return `offline, but its container ${container} is on this host`;
  if (await isOpen(container)) return 'offline, but its runner workflow still looks after it';
  return null;
}

function summary(host: string, verdicts: Verdict[], left: number, others: number): string {
  const deleted = verdicts.filter(({ action }) => action !== 'kept').length;
  const what = verdicts.some(({ action }) => action === 'would be deleted') ? 'would be deleted' : 'deleted';
  return `${deleted} ${what}, ${verdicts.length - deleted} kept; GitHub has ${count(left, 'runner')} of ${host} left, and ${others} of others.`;
}

await runOperatorCommand(command);
