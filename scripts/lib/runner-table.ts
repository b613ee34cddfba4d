import type { RunnerStatus } from '../../workflows/policy/status.js';
import { age, columns, paint } from './output.js';
import type { StatusReport } from './status-text.js';

/** One line for each runner of a pool. */
export function runnerTable({ pool, github }: StatusReport): string {
  const known = new Map((github.runners ?? []).map((runner) => [runner.name, runner]));
  const onGithub = (runner: RunnerStatus) => {
    if (github.runners === null) return runner.github ?? '-';
    const listed = known.get(runner.runnerName);
    if (!listed) return '-';
    return listed.busy ? `${listed.status}, busy` : listed.status;
  };
  return columns(
    ['SLOT', 'CONTAINER', 'PHASE', 'FOR', 'GITHUB', 'JOB'],
    pool.runners.map((runner) => [
      `${runner.slot}`,
      runner.name,
      phase(runner),
      age(runner.phaseSince),
      onGithub(runner),
      [...job(runner), ...notes(runner)].join('  '),
    ]),
  );
}

const phaseColours = {
  creating: 'dim',
  standby: 'dim',
  registering: 'cyan',
  idle: 'green',
  busy: 'yellow',
  removing: 'dim',
  removed: 'dim',
} as const;

function phase(runner: RunnerStatus): string {
  return paint(phaseColours[runner.phase], runner.containerGone ? 'gone' : runner.phase);
}

function job({ job, phase }: RunnerStatus): string[] {
  if (!job) return [];
  return phase === 'busy'
    ? [`${job.workflow} / ${job.job}`, paint('dim', job.url)]
    : [paint('dim', `${job.workflow} / ${job.job}`)];
}

function notes({ ending, endReason, outdated, trouble, phase }: RunnerStatus): string[] {
  const end = endReason ?? (ending && phase !== 'removing' ? 'told to end' : null);
  return [
    ...(end ? [paint('dim', `(${end})`)] : []),
    ...(outdated && !end ? [paint('yellow', '(outdated)')] : []),
    ...(trouble ? [paint('red', trouble)] : []),
  ];
}
