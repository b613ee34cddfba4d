import { setTimeout as sleep } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { percentile } from '../scripts/demo-report.js';
import { cdkHosts, startStack, type Stack } from '../simulators/stack/stack.js';
import { statusQuery } from '../workflows/messages.js';
import { poolWorkflowId, runnerWorkflowId, type RunnerTimeline } from '../workflows/model.js';
import {
  delaysText,
  pollSeconds,
  fillFloor,
  handOverFloor,
  jobSeconds,
  poolSize,
  registration,
  waves,
  wavesFloor,
} from './delays.js';

/** What one run of the benchmark has measured; seconds unless the name says otherwise. */
export interface Figures {
  fill: number;
  waves: number;
  /** From a job's end to the next runner's request for registration: what worker and Temporal add. */
  handOverMs: { p50: number; p99: number };
  idleCallsPerHour: number;
}

const host = cdkHosts[0] ?? { name: '', labels: [] };

/** One pool of seven on simulated containers: cold fill, four waves of jobs, then a quiet while. */
export async function benchPool(tell: (step: string) => void): Promise<Figures> {
  tell(`A pool of ${poolSize} fills …`);
  const env = { POLL_INTERVAL: `${pollSeconds}`, MAX_CONCURRENT: `${poolSize}` };
  const stack = await startStack({ hosts: [{ ...host, env }], delays: delaysText });
  try {
    stack.github.addFault({
      kind: 'delay',
      method: 'POST',
      route: '/repos/{owner}/{repo}/actions/runners/generate-jitconfig',
      delayMs: registration * 1000,
      times: 10_000,
    });
    await stack.hosts[0]?.start();
    const started = performance.now();
    await stack.github.until(
      (state) => state.runners.filter(({ status }) => status === 'online').length === poolSize,
      60_000,
    );
    const fill = (performance.now() - started) / 1000;
    await standbyReady(stack);
    tell(`${poolSize * waves} jobs run …`);
    const wavesSeconds = await runWaves(stack);
    const handOverMs = await handOvers(stack);
    tell('Nothing happens for a minute …');
    return { fill, waves: wavesSeconds, handOverMs, idleCallsPerHour: await idleCalls(stack) };
  } finally {
    await stack.stop();
  }
}

async function standbyReady(stack: Stack): Promise<void> {
  for (;;) {
    const { counts, config } = await stack.temporal.client.workflow
      .getHandle(poolWorkflowId(host.name))
      .query(statusQuery);
    if (counts.standby === config.standbyContainers && counts.available === poolSize) return;
    await sleep(100);
  }
}

async function runWaves(stack: Stack): Promise<number> {
  const started = performance.now();
  const jobs = Array.from({ length: poolSize * waves }, (_, index) => ({
    id: `job-${index}`,
    name: `job ${index}`,
    runsOn: ['self-hosted'],
    durationMs: jobSeconds * 1000,
  }));
  stack.github.queueWorkflowRun({ workflow: 'waves', jobs });
  await stack.github.until((state) => state.jobs.every(({ status }) => status === 'completed'), 120_000);
  return (performance.now() - started) / 1000;
}

/** For each job that ended, the time until the next activation began, in the order of both. */
async function handOvers(stack: Stack): Promise<Figures['handOverMs']> {
  const { client } = stack.temporal;
  const names = stack.github
    .state()
    .jobs.flatMap(({ runnerName }) => (runnerName ? [runnerName.slice(host.name.length + 1)] : []));
  const lives = await Promise.all(
    names.map(
      (name) =>
        client.workflow.getHandle(runnerWorkflowId(host.name, name)).result() as Promise<RunnerTimeline>,
    ),
  );
  const at = (life: RunnerTimeline, phase: string) =>
    life.phases.find((entry) => entry.phase === phase)?.at ?? 0;
  const begun = lives
    .map((life) => at(life, 'registering'))
    .sort((a, b) => a - b)
    .slice(poolSize);
  const ended = lives.map((life) => life.job?.completedAt ?? 0).sort((a, b) => a - b);
  const gaps = begun.map((time, index) => time - (ended[index] ?? 0)).sort((a, b) => a - b);
  return { p50: percentile(gaps, 0.5), p99: percentile(gaps, 0.99) };
}

const pollMs = pollSeconds * 1000;
const quietMs = 4 * pollMs;

/** Calls that count against GitHub's limit while nothing happens, scaled to an hour. */
async function idleCalls(stack: Stack): Promise<number> {
  await standbyReady(stack);
  // The end of the last jobs is seen by the next looks.
  await sleep(2 * pollMs);
  const before = counted(stack);
  await sleep(quietMs);
  return ((counted(stack) - before) * 3_600_000) / quietMs;
}

function counted(stack: Stack): number {
  const { requests } = stack.github.state();
  return Object.values(requests.counted).reduce((sum, count) => sum + count, 0);
}

export const floors = { fill: fillFloor, waves: wavesFloor, handOver: handOverFloor };
