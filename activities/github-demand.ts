import type { QueuedJobs } from '../workflows/model.js';
import type { WorkflowJob } from './github-answers.js';
import type { GithubClient } from './github-client.js';

/** Runs looked into for each status. A look costs a call for each run whose jobs have changed. */
const mostRuns = 200;
const mostJobs = 1000;
/** Runs looked into at once. */
const batchSize = 10;
const sampleSize = 5;

/**
 * The repository's queued jobs. A run that is in progress may still have queued jobs, so both lists are read.
 * `waiting` (for an approval), `pending` (for its concurrency group) and `requested` are no demand: a runner could
 * not be given any of their jobs.
 */
export async function readDemand(client: GithubClient): Promise<QueuedJobs[]> {
  const queued = await client.listWorkflowRuns('queued', mostRuns);
  const inProgress = await client.listWorkflowRuns('in_progress', mostRuns);
  // A run may move from one list to the other between the two calls.
  const runs = [...new Set([...inProgress, ...queued])];

  const jobs: WorkflowJob[] = [];
  for (let next = 0; next < runs.length && jobs.length < mostJobs; next += batchSize) {
    const batch = runs.slice(next, next + batchSize);
    const found = await Promise.all(batch.map((run) => client.listJobs(run)));
    jobs.push(...found.flat().filter((job) => job.status === 'queued'));
  }
  return groupQueuedJobs(jobs.slice(0, mostJobs));
}

/** Jobs by the labels that they ask for; labels are compared as GitHub does, without regard to case and order. */
export function groupQueuedJobs(jobs: WorkflowJob[]): QueuedJobs[] {
  const groups = new Map<string, QueuedJobs>();
  const oldestFirst = jobs
    .map((job) => ({ ...job, queuedAt: Date.parse(job.created_at) }))
    .sort((a, b) => a.queuedAt - b.queuedAt || a.id - b.id);
  for (const { id, name, html_url, queuedAt, ...job } of oldestFirst) {
    const labels = [...new Set(job.labels.map((label) => label.toLowerCase()))].sort();
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, count: 0, oldestQueuedAt: queuedAt, jobs: [] };
    group.count += 1;
    if (group.jobs.length < sampleSize) group.jobs.push({ id, name, url: html_url ?? '', queuedAt });
    groups.set(key, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
