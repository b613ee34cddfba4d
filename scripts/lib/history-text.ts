import type { Phase, RunnerTimeline } from '../../workflows/model.js';
import type { RunnerRecord } from './history.js';
import { age, columns, duration, paint } from './output.js';

/** Ended runners for a person: a line each, and below it where to look further. */
export function historyText(records: RunnerRecord[]): string {
  if (records.length === 0) return 'No runner has ended.';
  return columns(['ENDED', 'RUNNER', 'OUTCOME', 'LIVED', 'IDLE', 'RAN', 'JOB'], records.map(row));
}

function row({ workflowId, closedAt, timeline, trouble }: RunnerRecord): string[] {
  const ended = `${age(closedAt)} ago`;
  if (timeline === null)
    return [ended, workflowId.replace('runner/', ''), paint('red', 'no record'), '', '', '', trouble ?? ''];
  return [
    ended,
    timeline.runnerName,
    outcome(timeline),
    between(timeline, 'creating', 'removed'),
    between(timeline, 'idle', 'busy'),
    between(timeline, 'busy', 'removing'),
    [...job(timeline), ...why(timeline), ...logs(timeline)].join('\n'),
  ];
}

const colours = { completed: 'green', unused: 'dim', interrupted: 'red', failed: 'red' } as const;

function outcome({ outcome, endReason }: RunnerTimeline): string {
  const text = endReason === 'job-done' ? outcome : `${outcome} (${endReason})`;
  return paint(colours[outcome], text);
}

/** From the first time in one phase to the first time in another. */
function between({ phases }: RunnerTimeline, from: Phase, to: Phase): string {
  const [start, end] = [from, to].map((phase) => phases.find((each) => each.phase === phase)?.at);
  return start === undefined || end === undefined ? '' : duration(end - start);
}

function job({ job }: RunnerTimeline): string[] {
  if (!job) return [];
  return [`${job.workflow} / ${job.job}`, paint('dim', job.url)];
}

function why({ endDetail, exitCode }: RunnerTimeline): string[] {
  const exit = exitCode !== undefined && exitCode !== 0 ? [`the runner's exit code was ${exitCode}`] : [];
  return [...(endDetail ? [endDetail] : []), ...exit];
}

function logs({ logs }: RunnerTimeline): string[] {
  return logs === undefined ? [] : [paint('dim', logs)];
}
