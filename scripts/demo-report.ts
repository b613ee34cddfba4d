import type { JobRecord, SimulatorState } from '../simulators/github/model.js';

/** What `demo-report.json` holds. */
export interface DemoReport {
  jobs: { total: number; completed: number; lost: number; unservable: number };
  containers: { created: number; destroyed: number };
  left: { containers: number; runners: number; workflows: number; files: number };
  /** From the moment a job is queued until its runner has it, in milliseconds. */
  pickupMs: { p50: number; p99: number };
  /** From the first job queued to the last one done. */
  seconds: number;
  /** Names of jobs that no pool can serve. */
  unservableJobs: string[];
  /** Requests or answers that GitHub's OpenAPI description does not allow. */
  contractViolations: number;
}

interface Facts {
  github: SimulatorState;
  unservable: string[];
  containers: DemoReport['containers'];
  left: DemoReport['left'];
}

export function demoReport({ github, unservable, containers, left }: Facts): DemoReport {
  const { jobs } = github;
  const completed = jobs.filter((job) => job.status === 'completed' && job.conclusion === 'success');
  const waits = completed.map((job) => (job.startedAt ?? 0) - (job.queuedAt ?? 0)).sort((a, b) => a - b);
  return {
    jobs: {
      total: jobs.length,
      completed: completed.length,
      lost: jobs.filter(isLost).length,
      unservable: unservable.length,
    },
    containers,
    left,
    pickupMs: { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) },
    seconds: spanOf(completed) / 1000,
    unservableJobs: unservable,
    contractViolations: github.contractViolations.length,
  };
}

/** Nearest-rank percentile of sorted values; 0 when there are none. */
export function percentile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function isLost(job: JobRecord): boolean {
  return job.lost || (job.status === 'completed' && job.conclusion !== 'success');
}

function spanOf(jobs: JobRecord[]): number {
  if (jobs.length === 0) return 0;
  const from = Math.min(...jobs.map((job) => job.queuedAt ?? Infinity));
  const to = Math.max(...jobs.map((job) => job.completedAt ?? 0));
  return to - from;
}

/** What went wrong, a sentence each; none when the demo has shown what it is to show. */
export function demoFaults({ jobs, containers, left, contractViolations }: DemoReport): string[] {
  const servable = jobs.total - jobs.unservable;
  const faults: [boolean, string][] = [
    [jobs.completed !== servable, `${jobs.completed} of ${servable} servable jobs completed`],
    [jobs.lost > 0, `${jobs.lost} job(s) were lost`],
    [
      containers.created !== containers.destroyed,
      `${containers.created} containers made, ${containers.destroyed} destroyed`,
    ],
    [Object.values(left).some((count) => count > 0), `left behind: ${JSON.stringify(left)}`],
    [
      contractViolations > 0,
      `${contractViolations} request(s) or answer(s) that GitHub's description does not allow`,
    ],
  ];
  return faults.filter(([wrong]) => wrong).map(([, sentence]) => sentence);
}
