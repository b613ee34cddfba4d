import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { cdkCiRun } from '../simulators/github/cdk-ci-run.js';
import {
  cdkHosts,
  repository,
  startStack,
  type Stack,
  type StackOptions,
} from '../simulators/stack/stack.js';
import { stopSignal } from '../workers/stop-signals.js';
import { demandStatusQuery, drainUpdate, statusQuery } from '../workflows/messages.js';
import { demandWorkflowId, poolWorkflowId } from '../workflows/model.js';
import type { PoolStatus } from '../workflows/policy/status.js';
import { createBoard, type Board } from './demo-board.js';
import { demoFaults, demoReport, type DemoReport } from './demo-report.js';

interface Options {
  keep?: boolean;
  real?: boolean;
  scale: number;
  delays: string;
  report: string;
}

const options = new Command('demo')
  .description('Runs one real CI run of CDK on two pools: real Temporal, real workers.')
  .option('--keep', 'leave everything running afterwards, until Ctrl-C')
  .option('--real', 'real containers, on two test hosts of three runners each; needs root on Debian 12')
  .option('--scale <factor>', 'what the durations of the jobs are multiplied with', Number, 0.01)
  .option(
    '--delays <list>',
    'seconds that simulated containers take',
    'create=0.2,start=1,boot=1.5,listen=0.5,stop=0.5,destroy=0.2',
  )
  .option('--report <file>', 'where the figures go', 'demo-report.json')
  .parse()
  .opts<Options>();

// A terminal that is gone can't be written to, which must not keep us from cleaning up.
process.stdout.on('error', () => undefined);

const refreshMs = 200;
const patienceMs = 600_000;

async function main(): Promise<number> {
  const interrupted = stopSignal();
  say('Starting Temporal with its Web UI, a simulated GitHub and two hosts …');
  if (options.real)
    say('  (the hosts are booted for real; the very first time their system is built, 3 minutes)');
  const stack = await startStack({ ...(options.real ? await realHosts() : simulatedHosts()), ui: true });
  try {
    say(`  Temporal Web UI  ${stack.temporal.ui}`);
    const outcome = await Promise.race([show(stack), interrupted]);
    if (outcome === 'stopped') {
      say('\nInterrupted: cleaning up.');
      return 130;
    }
    if (options.keep) {
      say(
        `\nStill running: Web UI ${stack.temporal.ui}, ${stack.hosts.map((host) => host.statusUrl()).join(', ')}`,
      );
      say(`For the helper commands: export TEMPORAL_ADDRESS=${stack.temporal.address}. Ctrl-C ends it all.`);
      await interrupted;
    }
    return outcome.length === 0 ? 0 : 1;
  } finally {
    await stack.stop();
    say('Everything is stopped.');
  }
}

function simulatedHosts(): StackOptions {
  return { hosts: cdkHosts, delays: options.delays };
}

async function realHosts(): Promise<StackOptions> {
  const { createRealHost, githubOnTheInternet } = await import('../tests/host/real-containers.js');
  return {
    hosts: cdkHosts.map((host) => ({ ...host, env: { MAX_CONCURRENT: '3' } })),
    delays: '',
    kind: {
      githubUrl: githubOnTheInternet,
      create: async (host) => {
        mkdirSync(host.directory, { mode: 0o700 });
        return await createRealHost(host);
      },
    },
  };
}

/** The demo itself; returns what went wrong. */
async function show(stack: Stack): Promise<string[]> {
  await Promise.all(stack.hosts.map((host) => host.start()));
  for (const host of stack.hosts) say(`  ${host.name}    ${host.statusUrl()}`);
  const board = createBoard(process.stdout);
  say(`\nFilling the pools, then running CDK's CI (job times × ${options.scale}):\n`);
  const startedAt = Date.now();
  const look = () => refresh(stack, board, startedAt);
  await waitUntil(look, (pools) =>
    pools.every(({ counts, config }) => counts.available === config.warmRunners),
  );
  stack.github.queueWorkflowRun(cdkCiRun(options.scale));
  const unservable = await untilServed(stack, look);
  const pools = options.keep ? await look() : await empty(stack, look);
  board.done();
  const report = demoReport({
    github: stack.github.state(),
    unservable,
    containers: {
      created: sum(pools.map(({ totals }) => totals.created)),
      destroyed: sum(pools.map(({ totals }) => totals.removed)),
    },
    left: options.keep ? { containers: 0, runners: 0, workflows: 0, files: 0 } : await leftBehind(stack),
  });
  writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  const faults = demoFaults(options.keep ? { ...report, containers: { created: 0, destroyed: 0 } } : report);
  summarise(report, faults);
  return faults;
}

async function refresh(stack: Stack, board: Board, startedAt: number): Promise<PoolStatus[]> {
  const { client } = stack.temporal;
  const pools = await Promise.all(
    stack.hosts.map(({ name }) => client.workflow.getHandle(poolWorkflowId(name)).query(statusQuery)),
  );
  board.show({ pools, jobs: stack.github.state().jobs, seconds: (Date.now() - startedAt) / 1000 });
  return pools;
}

async function waitUntil(
  look: () => Promise<PoolStatus[]>,
  wanted: (pools: PoolStatus[]) => boolean,
): Promise<PoolStatus[]> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(refreshMs)) {
    const pools = await look();
    if (wanted(pools)) return pools;
    if (Date.now() > deadline)
      throw new Error(`nothing came of it within ${patienceMs / 1000} s: ${JSON.stringify(pools)}`);
  }
}

/** Until every job is done but those that no pool can serve; returns the names of these, as the product tells them. */
async function untilServed(stack: Stack, look: () => Promise<PoolStatus[]>): Promise<string[]> {
  const demand = stack.temporal.client.workflow.getHandle(demandWorkflowId(repository));
  let names: string[] = [];
  await waitUntil(look, () => {
    const open = stack.github.state().jobs.filter((job) => job.status !== 'completed');
    return (
      open.every((job) => job.status === 'queued' && names.includes(job.name)) ||
      (void tellUnservable(), false)
    );
  });
  return names;

  async function tellUnservable(): Promise<void> {
    const { unservable } = await demand.query(demandStatusQuery);
    names = unservable.flatMap(({ jobs }) => jobs.map(({ name }) => name));
  }
}

/** Drains both pools, the way an operator would, and waits until they are empty. */
async function empty(stack: Stack, look: () => Promise<PoolStatus[]>): Promise<PoolStatus[]> {
  const { client } = stack.temporal;
  await Promise.all(
    stack.hosts.map(({ name }) =>
      client.workflow
        .getHandle(poolWorkflowId(name))
        .executeUpdate(drainUpdate, { args: [{ reason: 'the demo is over' }] }),
    ),
  );
  return await waitUntil(look, (pools) => pools.every(({ runners }) => runners.length === 0));
}

async function leftBehind(stack: Stack): Promise<DemoReport['left']> {
  const hosts = await Promise.all(stack.hosts.map((host) => host.left()));
  const open: string[] = [];
  const query = 'WorkflowType = "runnerWorkflow" AND ExecutionStatus = "Running"';
  for await (const { workflowId } of stack.temporal.client.workflow.list({ query })) open.push(workflowId);
  return {
    containers: sum(hosts.map(({ containers }) => containers.length)),
    runners: stack.github.state().runners.length,
    workflows: open.length,
    files: sum(hosts.map(({ files }) => files.length)),
  };
}

function summarise(
  { jobs, containers, left, pickupMs, seconds, unservableJobs }: DemoReport,
  faults: string[],
): void {
  say(`
Jobs completed        ${jobs.completed} of ${jobs.total - jobs.unservable} in ${seconds.toFixed(1)} s, ${jobs.lost} lost
No pool can serve     ${jobs.unservable}${unservableJobs.length > 0 ? `: ${unservableJobs.join(', ')}` : ''}
Pickup                p50 ${pickupMs.p50} ms, p99 ${pickupMs.p99} ms
Containers            ${containers.created} made, ${containers.destroyed} destroyed
Left behind           ${options.keep ? 'still running (--keep)' : leftText(left)}
Figures               ${options.report}`);
  for (const fault of faults) say(`FAILED: ${fault}`);
}

function leftText(left: DemoReport['left']): string {
  const parts = Object.entries(left).filter(([, count]) => count > 0);
  return parts.length === 0 ? 'nothing' : parts.map(([what, count]) => `${count} ${what}`).join(', ');
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Ends the process itself: a question to Temporal that was under way would fail after the end of everything.
try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
