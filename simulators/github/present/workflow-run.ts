import { createHash } from 'node:crypto';
import type { components } from '@octokit/openapi-types';
import type { Job, WorkflowRun } from '../model.js';
import { runStatus } from '../state/workflow-runs.js';
import { presentAccount, presentMinimalRepository } from './repository.js';
import { fullName, isoTime, type Site } from './site.js';

type Schemas = components['schemas'];

const headSha = (run: WorkflowRun) => createHash('sha1').update(String(run.id)).digest('hex');

/** A run as GitHub lists it. */
export function presentRun(site: Site, run: WorkflowRun) {
  const repository = presentMinimalRepository(site);
  const url = `${repository.url}/actions/runs/${run.id}`;
  const person = { name: 'A Contributor', email: 'contributor@example.org' };
  const createdAt = isoTime(run.createdAt);
  return {
    id: run.id,
    name: run.workflow,
    node_id: `WFR_${run.id}`,
    check_suite_id: run.id,
    head_branch: 'main',
    head_sha: headSha(run),
    path: '.github/workflows/ci.yml',
    run_number: run.number,
    run_attempt: 1,
    event: 'push',
    display_title: `Run ${run.number}`,
    ...runStatus(run),
    workflow_id: 1,
    url,
    html_url: `${site.htmlUrl}/${fullName(site)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: createdAt,
    updated_at: isoTime(run.updatedAt),
    run_started_at: createdAt,
    actor: presentAccount(site, 'contributor', 'User'),
    triggering_actor: presentAccount(site, 'contributor', 'User'),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repository.url}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${repository.url}/actions/workflows/1`,
    head_commit: {
      id: headSha(run),
      tree_id: headSha(run),
      message: `Change ${run.number}`,
      timestamp: createdAt,
      author: person,
      committer: person,
    },
    repository,
    head_repository: repository,
  } satisfies Schemas['workflow-run'];
}

/** A job as GitHub lists it; a `blocked` one GitHub does not list yet. */
export function presentJob(
  site: Site,
  run: WorkflowRun,
  job: Job & { status: Exclude<Job['status'], 'blocked'> },
) {
  const repositoryUrl = `${site.apiUrl}/repos/${fullName(site)}`;
  const createdAt = isoTime(job.queuedAt ?? job.addedAt);
  return {
    id: job.id,
    node_id: `CR_${job.id}`,
    run_id: run.id,
    run_url: `${repositoryUrl}/actions/runs/${run.id}`,
    run_attempt: 1,
    head_sha: headSha(run),
    head_branch: 'main',
    workflow_name: run.workflow,
    name: job.spec.name,
    url: `${repositoryUrl}/actions/jobs/${job.id}`,
    html_url: `${site.htmlUrl}/${fullName(site)}/actions/runs/${run.id}/job/${job.id}`,
    check_run_url: `${repositoryUrl}/check-runs/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: createdAt,
    // GitHub has no null here: before the start it repeats the creation.
    started_at: job.startedAt === null ? createdAt : isoTime(job.startedAt),
    completed_at: job.completedAt === null ? null : isoTime(job.completedAt),
    steps: [],
    labels: job.spec.runsOn,
    runner_id: job.runnerId,
    runner_name: job.runnerName,
    runner_group_id: job.runnerGroupId,
    runner_group_name: job.runnerGroupId === null ? null : 'Default',
  } satisfies Schemas['job'];
}
