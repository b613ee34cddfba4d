import type { Answer } from '../contract/contract.js';
import type { Job, WorkflowRun } from '../model.js';
import { presentJob, presentRun } from '../present/workflow-run.js';
import { runStatus } from '../state/workflow-runs.js';
import type { World } from '../world.js';
import { GithubError } from './github-error.js';
import type { Call } from './call.js';
import { paginate } from './paginate.js';

/** GitHub shows no more than so many runs of a filtered list. */
const filteredRunsLimit = 1000;

/** Runs, newest first, of one status or conclusion where asked for. */
export function listRuns(world: World, { url }: Call): Answer {
  const wanted = url.searchParams.get('status');
  const matches = (run: WorkflowRun) => Object.values(runStatus(run)).includes(wanted);
  const all = world.runs.runs().reverse();
  const runs = wanted === null ? all : all.filter(matches).slice(0, filteredRunsLimit);
  const { items, headers } = paginate(runs, url);
  const body = { total_count: runs.length, workflow_runs: items.map((run) => presentRun(world.site, run)) };
  return { status: 200, headers, body };
}

/** One run by its id. */
export function getRun(world: World, call: Call): Answer {
  return { status: 200, body: presentRun(world.site, findRun(world, call)) };
}

type ListedJob = Job & { status: Exclude<Job['status'], 'blocked'> };

/** The jobs of a run, without those whose `needs` are not done: GitHub makes them later. */
export function listJobs(world: World, call: Call): Answer {
  const run = findRun(world, call);
  const jobs = run.jobs.filter((job): job is ListedJob => job.status !== 'blocked');
  const { items, headers } = paginate(jobs, call.url);
  const body = { total_count: jobs.length, jobs: items.map((job) => presentJob(world.site, run, job)) };
  return { status: 200, headers, body };
}

/** Cancels a run that is not over. */
export function cancelRun(world: World, call: Call): Answer {
  const run = findRun(world, call);
  if (runStatus(run).status === 'completed') {
    throw new GithubError(409, 'Cannot cancel a workflow run that is completed.');
  }
  world.runs.cancel(run);
  return { status: 202, body: {} };
}

function findRun(world: World, { params }: Call): WorkflowRun {
  const run = world.runs.run(Number(params.run_id));
  if (!run) throw new GithubError(404, 'Not Found');
  return run;
}
