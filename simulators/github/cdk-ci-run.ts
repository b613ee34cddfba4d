import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../stack/project-folder.js';
import type { JobSpec, WorkflowRunSpec } from './model.js';

/** Roughly how long each of CDK's jobs takes on a warm runner, in seconds; the rest take five minutes. */
const secondsByJob: Record<string, number> = {
  'pre-commit-checks': 60,
  discover_ci_groups: 20,
  'warm-nix-cache': 180,
  'warm-msrv-nix-cache': 180,
  'clippy-and-test': 480,
  'build-itest-binaries': 360,
  coverage: 900,
  docs: 240,
};
const usualSeconds = 300;

/**
 * One real CI run of CDK as a run to queue.
 * @param scale what the durations are multiplied with: 0.01 makes the five-minute jobs take 3 s
 */
export function cdkCiRun(scale: number): WorkflowRunSpec {
  const file = join(projectFolder(), 'data', 'cdk-ci-run.json');
  const { workflow, jobs } = JSON.parse(readFileSync(file, 'utf8')) as {
    workflow: string;
    jobs: Omit<JobSpec, 'durationMs'>[];
  };
  const duration = (id: string) => Math.round((secondsByJob[id] ?? usualSeconds) * 1000 * scale);
  return { workflow, jobs: jobs.map((job) => ({ ...job, durationMs: duration(job.id) })) };
}
