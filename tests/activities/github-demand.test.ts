import { expect, test } from '@jest/globals';
import type { WorkflowJob } from '../../activities/github-answers.js';
import { groupQueuedJobs } from '../../activities/github-demand.js';

const job = (id: number, labels: string[], minute = id): WorkflowJob => ({
  id,
  name: `job ${id}`,
  status: 'queued',
  html_url: `https://github.com/job/${id}`,
  created_at: `2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`,
  labels,
});
const at = (minute: number) => Date.parse(`2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`);
const sample = (id: number) => ({
  id,
  name: `job ${id}`,
  url: `https://github.com/job/${id}`,
  queuedAt: at(id),
});

test('jobs that ask for the same labels in another case and order are one group', () => {
  expect(groupQueuedJobs([job(1, ['self-hosted', 'Nix']), job(2, ['nix', 'Self-Hosted', 'NIX'])])).toEqual([
    { labels: ['nix', 'self-hosted'], count: 2, oldestQueuedAt: at(1), jobs: [sample(1), sample(2)] },
  ]);
});

test('a group tells its oldest five jobs and how many there are', () => {
  const jobs = [7, 3, 1, 6, 2, 5, 4].map((id) => job(id, ['self-hosted']));
  expect(groupQueuedJobs(jobs)).toEqual([
    { labels: ['self-hosted'], count: 7, oldestQueuedAt: at(1), jobs: [1, 2, 3, 4, 5].map(sample) },
  ]);
});

test('groups come in a fixed order, whatever order GitHub has', () => {
  const jobs = [job(1, ['b']), job(2, ['a', 'c']), job(3, ['a'])];
  expect(groupQueuedJobs(jobs)).toEqual(groupQueuedJobs([...jobs].reverse()));
  expect(groupQueuedJobs(jobs).map(({ labels }) => labels)).toEqual([['a', 'c'], ['a'], ['b']]);
});
