import type { Job, JobRecord, Runner, SimulatorState } from '../model.js';
import { runStatus } from '../state/workflow-runs.js';
import type { World } from '../world.js';

/** Everything that a test or the demo judges by. */
export function presentState({ runs, registry, counts, contract }: World): SimulatorState {
  const all = runs.runs();
  return {
    runs: all.map((run) => ({
      id: run.id,
      workflow: run.workflow,
      ...runStatus(run),
      createdAt: run.createdAt,
    })),
    jobs: all.flatMap((run) => run.jobs.map(presentJobRecord)),
    runners: registry.list().map(presentRunnerRecord),
    requests: { ...counts, counted: { ...counts.counted }, byRoute: { ...counts.byRoute } },
    contractViolations: [...contract.violations],
  };
}

function presentRunnerRecord(runner: Runner): SimulatorState['runners'][number] {
  const { id, name, scope, labels, groupId, status, busy, version, createdAt } = runner;
  return { id, name, scope, labels, groupId, status, busy, version, createdAt };
}

function presentJobRecord(job: Job): JobRecord {
  return {
    id: job.id,
    runId: job.runId,
    name: job.spec.name,
    labels: job.spec.runsOn,
    status: job.status,
    conclusion: job.conclusion,
    queuedAt: job.queuedAt,
    startedAt: job.startedAt,
    completedAt: job.completedAt,
    runnerName: job.runnerName,
    cancelRequested: job.cancelRequested,
    lost: job.lost,
  };
}
