import type { GithubRunner } from '../../workflows/model.js';
import type { DemandStatus } from '../../workflows/policy/demand.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import { age, count, duration, paint } from './output.js';
import { runnerTable } from './runner-table.js';
import type { WorkerPresence } from './worker-presence.js';

/** What `runner-status` knows of a host. */
export interface StatusReport {
  host: string;
  worker: WorkerPresence;
  pool: PoolStatus;
  /** Null when the repository's queue is not watched. */
  demand: DemandStatus | null;
  /** GitHub's own list, asked for just now; null, with the trouble, when it could not be had. */
  github: { runners: GithubRunner[] | null; trouble: string | null };
}

/** The report for a person. */
export function statusText(report: StatusReport): string {
  const { host, pool } = report;
  const lines = [
    `${paint('bold', host)}  ${pool.config.repository}  ${paint('dim', pool.config.labels.join(', '))}`,
    '',
    ...facts(report).map(([name, text]) => `${`${name}`.padEnd(12)}${text}`),
  ];
  const table = runnerTable(report);
  return [...lines, ...(table ? ['', table] : [])].join('\n');
}

type Fact = [name: string, text: string];

function facts(report: StatusReport): Fact[] {
  const { pool } = report;
  return [
    ['Controller', controller(report.worker)],
    ['Pool', size(pool)],
    ...drain(pool),
    ['Containers', containers(pool)],
    ['GitHub', github(report)],
    ...hostTrouble(pool),
    ['Queue', queue(report)],
    ...unservable(report.demand),
    ...recycled(pool),
    ...interrupted(pool),
    ...pool.held.map((sentence): Fact => ['Held back', paint('yellow', sentence)]),
    ...pool.rejected.map(({ at, order, reason }): Fact => [
      'Not obeyed',
      `${order}, ${age(at)} ago: ${reason}`,
    ]),
  ];
}

function controller({ active, identity, lastSeenAt }: WorkerPresence): string {
  if (lastSeenAt === null) return paint('red', 'not active: no worker asks for the work of this host');
  const process = identity?.split('/').at(-1) ?? 'unknown';
  if (active)
    return `${paint('green', 'active')} (process ${process}, asked for work ${age(lastSeenAt)} ago)`;
  return paint('red', `not active: process ${process} last asked for work ${age(lastSeenAt)} ago`);
}

function size({ config, resized }: PoolStatus): string {
  const { maxConcurrentJobs, warmRunners, standbyContainers, pollIntervalMs, jobTimeoutMs } = config;
  const parts = [
    `${count(maxConcurrentJobs, 'runner')} at most`,
    `${warmRunners} kept idle`,
    `${standbyContainers} on standby`,
    `looks every ${duration(pollIntervalMs)}`,
    `a job may take ${duration(jobTimeoutMs)}`,
  ];
  return `${parts.join(', ')}${resized ? paint('yellow', ' (resized by hand)') : ''}`;
}

function drain({ drain }: PoolStatus): Fact[] {
  if (!drain) return [];
  const how = drain.mode === 'now' ? 'running jobs are ended too' : 'running jobs finish';
  const why = drain.reason ? `: ${drain.reason}` : '';
  return [['Drained', paint('yellow', `for ${age(drain.since)}, ${how}${why}`)]];
}

function containers({ runners, counts, config }: PoolStatus): string {
  const there = runners.filter(({ containerGone }) => !containerGone).length;
  const words = {
    busy: counts.busy,
    idle: counts.available,
    standby: counts.standby,
    creating: counts.creating,
    removing: counts.removing,
  };
  const parts = Object.entries(words)
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${number} ${word}`);
  return `${there}/${config.maxConcurrentJobs + config.standbyContainers}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function github({ pool, github }: StatusReport): string {
  const refused = pool.github.ok ? '' : paint('red', `; the pool is paused: ${pool.github.reason}`);
  if (github.runners === null) {
    const asSeen = pool.lastLookAtGithub
      ? `as the pool saw it ${age(pool.lastLookAtGithub)} ago`
      : 'not seen by the pool yet';
    return `${asSeen} (${github.trouble})${refused}`;
  }
  const { runners } = github;
  const [online, busy] = [
    runners.filter(({ status }) => status === 'online'),
    runners.filter((runner) => runner.busy),
  ];
  const strays = runners.filter(({ name }) => !pool.runners.some(({ runnerName }) => runnerName === name));
  const tail =
    strays.length > 0
      ? `; ${strays.map(({ name, status }) => `${name} (${status})`).join(', ')} not of this pool any more`
      : '';
  return `${count(runners.length, 'runner')} of this host: ${online.length} online, ${busy.length} busy${tail}${refused}`;
}

function hostTrouble({ hostHealth, full }: PoolStatus): Fact[] {
  return [
    ...(hostHealth.ok
      ? []
      : [
          [
            'Host',
            paint('red', `does not answer for ${age(hostHealth.since)}: ${hostHealth.reason}`),
          ] satisfies Fact,
        ]),
    ...(full === null ? [] : [['Disk', paint('red', full)] satisfies Fact]),
  ];
}

function queue({ pool, demand }: StatusReport): string {
  const trouble = demand?.trouble ? paint('yellow', ` (can't be seen now: ${demand.trouble})`) : '';
  const { queued, oldestQueuedAt, oldestJob } = pool.demand;
  if (queued === 0 || oldestQueuedAt === undefined)
    return `${demand === null ? 'not watched' : 'no job waits for this pool'}${trouble}`;
  const job = oldestJob ? `: ${oldestJob.name}  ${oldestJob.url}` : '';
  return `${count(queued, 'job')}, the oldest for ${age(oldestQueuedAt)}${job}${trouble}`;
}

function recycled({ totals: { stuckRecycled } }: PoolStatus): Fact[] {
  if (stuckRecycled === 0) return [];
  return [
    [
      'Recycled',
      paint('yellow', `${count(stuckRecycled, 'idle runner')}, since jobs for them stayed queued`),
    ],
  ];
}

/** How long GitHub may show a run as in progress whose runner is gone. */
const runLingersMs = 6 * 3_600_000;

function interrupted({ interrupted }: PoolStatus): Fact[] {
  return interrupted
    .filter(({ at }) => Date.now() - at < runLingersMs)
    .map(({ at, job, reason, url }) => [
      'Interrupted',
      paint('red', `${job}, ${age(at)} ago, by ${reason}: cancel or run it again at ${url}`),
    ]);
}

function unservable(demand: DemandStatus | null): Fact[] {
  return (demand?.unservable ?? []).map((group) => {
    const names = group.jobs.map(({ name }) => name).join(', ');
    return [
      'No pool for',
      paint('yellow', `${count(group.count, 'job')} that asks for ${group.labels.join(', ')}: ${names}`),
    ];
  });
}
