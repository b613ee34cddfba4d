import { randomBytes } from 'node:crypto';
import type { Answer } from '../contract/contract.js';
import { encodeJitConfig } from '../jit-config.js';
import type { Runner, RunnerScope } from '../model.js';
import { presentRunner } from '../present/runner.js';
import { fullName, isoTime } from '../present/site.js';
import type { World } from '../world.js';
import { GithubError } from './github-error.js';
import type { Call } from './call.js';
import { paginate } from './paginate.js';

/** Lists the scope's runners, without those that GitHub's lists do not show yet. */
export function listRunners(world: World, scope: RunnerScope, { url }: Call): Answer {
  const lagMs = world.faults.find('list-lag')?.lagMs ?? world.listLagMs;
  const name = url.searchParams.get('name') ?? undefined;
  const listed = world.registry
    .list({ scope, name })
    .filter(({ createdAt }) => createdAt + lagMs <= Date.now());
  const { items, headers } = paginate(listed, url);
  return { status: 200, headers, body: { total_count: listed.length, runners: items.map(presentRunner) } };
}

/** One runner by its id. */
export function getRunner(world: World, scope: RunnerScope, call: Call): Answer {
  return { status: 200, body: presentRunner(findRunner(world, scope, call)) };
}

/** Removes a runner unless it is running a job. */
export function deleteRunner(world: World, scope: RunnerScope, call: Call): Answer {
  const runner = findRunner(world, scope, call);
  if (runner.busy) {
    throw new GithubError(422, `Bad request - Runner "${runner.name}" is still running a job"`);
  }
  world.registry.remove(runner.id);
  world.dispatcher.drop(runner);
  world.changed();
  return { status: 204 };
}

interface JitRequest {
  name: string;
  runner_group_id: number;
  labels: string[];
  work_folder?: string;
}

/** Registers an offline runner and hands out its configuration. */
export function generateJitConfig(world: World, scope: RunnerScope, { body }: Call): Answer {
  const { name, runner_group_id: groupId, labels, work_folder: workFolder = '_work' } = body as JitRequest;
  if (name.length > 64) throw new GithubError(422, 'name is too long (maximum is 64 characters)');
  if (labels.some((label) => label === '' || label.length > 256))
    throw new GithubError(422, 'a label is not valid');
  if (groupId === 2) throw new GithubError(403, 'Runner group 2 is for GitHub-hosted runners');
  if (!world.runnerGroups.includes(groupId)) throw new GithubError(404, 'Not Found');
  const runner = world.registry.register({ scope, name, labels, groupId, at: Date.now() });
  if (runner === 'name-taken') {
    throw new GithubError(409, `Already exists - A runner with the name ${name} already exists.`);
  }
  const { apiUrl, htmlUrl, owner } = world.site;
  const page = scope === 'repository' ? `${htmlUrl}/${fullName(world.site)}` : `${htmlUrl}/${owner}`;
  const jitConfig = encodeJitConfig(runner, apiUrl, page, workFolder);
  world.secrets.push(jitConfig, runner.clientId);
  world.changed();
  const permission = scope === 'repository' ? 'administration' : 'organization_self_hosted_runners';
  return {
    status: 201,
    headers: { 'x-accepted-github-permissions': `${permission}=write` },
    body: { runner: presentRunner(runner), encoded_jit_config: jitConfig },
  };
}

/** A token to register or to remove any number of runners with, valid for an hour. */
export function createRunnerToken(): Answer {
  const token = randomBytes(15).toString('hex').toUpperCase();
  return { status: 201, body: { token, expires_at: isoTime(Date.now() + 3_600_000) } };
}

function findRunner(world: World, scope: RunnerScope, { params }: Call): Runner {
  const runner = world.registry.find(Number(params.runner_id));
  if (!runner || runner.scope !== scope) throw new GithubError(404, 'Not Found');
  return runner;
}
