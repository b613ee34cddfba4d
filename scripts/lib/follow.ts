import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolStatus, RunnerStatus } from '../../workflows/policy/status.js';
import { CommandError } from './command.js';
import { age } from './output.js';
import type { Pool } from './pool.js';

interface Follow {
  pool: Pool;
  /** Only these are told about; all when left out. */
  names?: ReadonlySet<string>;
  isDone: (status: PoolStatus) => boolean;
  tell: (line: string) => void;
  /** No limit when left out. */
  timeoutMs?: number;
}

const lookEveryMs = 500;
/** A server or worker that restarts is waited for this long. */
const silenceMs = 60_000;

/**
 * Watches a pool until it is as wanted, and tells what becomes of its runners. Error: CommandError, when the time is
 * up or when nobody has answered for a minute.
 */
export async function follow({
  pool,
  names,
  isDone,
  tell,
  timeoutMs = Infinity,
}: Follow): Promise<PoolStatus> {
  const startedAt = Date.now();
  const told = new Map<string, string>();
  for (let answeredAt = startedAt; ; await sleep(lookEveryMs)) {
    const status = await look(pool, answeredAt, tell);
    if (status) {
      answeredAt = Date.now();
      tellChanges(told, watched(status, names), tell);
      if (isDone(status)) return status;
    }
    if (Date.now() - startedAt > timeoutMs) throw new CommandError(timeUp(timeoutMs, told));
  }
}

/** Null when there is no answer, for now. */
async function look(pool: Pool, answeredAt: number, tell: Follow['tell']): Promise<PoolStatus | null> {
  try {
    return await pool.status();
  } catch (error) {
    if (!(error instanceof CommandError) || Date.now() - answeredAt > silenceMs) throw error;
    tell(`${error.message} Trying again.`);
    return null;
  }
}

/** Runners of a pool that still have a container. */
export function withContainer({ runners }: PoolStatus): RunnerStatus[] {
  return runners.filter(({ containerGone, phase }) => !containerGone && phase !== 'removed');
}

function watched(status: PoolStatus, names: ReadonlySet<string> | undefined): RunnerStatus[] {
  return withContainer(status).filter(({ name }) => !names || names.has(name));
}

/** A line for each runner that is another than before; `told` keeps what is there. */
function tellChanges(told: Map<string, string>, runners: RunnerStatus[], tell: (line: string) => void): void {
  for (const name of told.keys()) {
    if (runners.some((runner) => runner.name === name)) continue;
    told.delete(name);
    tell(line(name, 'gone'));
  }
  for (const { name, phase, job, phaseSince, trouble } of runners) {
    const what = phase === 'busy' && job ? `busy with ${job.workflow} / ${job.job}` : phase;
    const news = trouble ? `${what}: ${trouble}` : what;
    if (told.get(name) === news) continue;
    tell(line(name, phase === 'busy' ? `${news}, for ${age(phaseSince)}` : news));
    told.set(name, news);
  }
}

function line(name: string, text: string): string {
  return `${new Date().toTimeString().slice(0, 8)}  ${name.padEnd(11)}  ${text}`;
}

function timeUp(timeoutMs: number, left: Map<string, string>): string {
  const rest = [...left].map(([name, what]) => `${name} (${what})`).join(', ');
  return `The time of ${timeoutMs / 1000} s is up, and these are left: ${rest}. The order stands: runner-status shows how it goes on.`;
}
