import { createLogUpdate } from 'log-update';
import type { JobRecord } from '../simulators/github/model.js';
import type { PoolStatus, RunnerStatus } from '../workflows/policy/status.js';

/** Shows what happens: a board that redraws itself on a terminal, a line for each change elsewhere. */
export interface Board {
  show(view: BoardView): void;
  /** Leaves the last picture standing. */
  done(): void;
}

export interface BoardView {
  pools: PoolStatus[];
  jobs: JobRecord[];
  seconds: number;
}

const barWidth = 40;

export function createBoard(stream: NodeJS.WriteStream): Board {
  if (!stream.isTTY) return lines(stream);
  const update = createLogUpdate(stream);
  return { show: (view) => update(picture(view, stream.columns)), done: () => update.done() };
}

/** One line whenever the number of completed jobs has changed. */
function lines(stream: NodeJS.WriteStream): Board {
  let last = '';
  return {
    show: ({ jobs, pools, seconds }) => {
      const line = `${progress(jobs)}; ${pools.map((pool) => `${pool.host} ${phases(pool)}`).join(', ')}`;
      if (line === last) return;
      last = line;
      stream.write(`${seconds.toFixed(1).padStart(6)} s  ${line}\n`);
    },
    done: () => undefined,
  };
}

function picture({ pools, jobs, seconds }: BoardView, columns = 100): string {
  const done = count(jobs, 'completed');
  const filled = jobs.length === 0 ? 0 : Math.round((barWidth * done) / jobs.length);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
  const rows = pools.flatMap((pool) => ['', `${pool.host}  ${phases(pool)}`, ...pool.runners.map(row)]);
  return [`${bar} ${progress(jobs)}, ${seconds.toFixed(1)} s`, ...rows]
    .map((line) => line.slice(0, columns - 1))
    .join('\n');
}

const marks: Record<RunnerStatus['phase'], string> = {
  creating: '·',
  standby: '◌',
  registering: '◔',
  idle: '○',
  busy: '●',
  removing: '×',
  removed: ' ',
};

function row({ phase, name, job, phaseSince }: RunnerStatus): string {
  const seconds = ((Date.now() - Date.parse(phaseSince)) / 1000).toFixed(0);
  return `  ${marks[phase]} ${name.padEnd(10)} ${phase.padEnd(11)} ${seconds.padStart(3)} s  ${job?.job ?? ''}`;
}

function progress(jobs: JobRecord[]): string {
  const parts = [
    `${count(jobs, 'completed')}/${jobs.length} jobs done`,
    `${count(jobs, 'in_progress')} running`,
  ];
  return [...parts, `${count(jobs, 'queued')} queued`].join(', ');
}

function phases({ counts }: PoolStatus): string {
  return `${counts.busy} busy, ${counts.available} idle, ${counts.standby} standby, ${counts.creating} creating, ${counts.removing} removing`;
}

function count(jobs: JobRecord[], status: JobRecord['status']): number {
  return jobs.filter((job) => job.status === status).length;
}
