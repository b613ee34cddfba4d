import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Host } from '../../simulators/stack/host.js';
import { startStack, type Stack } from '../../simulators/stack/stack.js';
import { full, job, poolUntil } from '../e2e/watching.js';
import { json, run } from './commands.js';

let stack: Stack;
let host: Host;
let names: string[];
let busy: string;

// A worker fills a pool of two, one of them busy; then worker and Temporal are away, and the containers run on.
beforeEach(async () => {
  const layout = {
    name: 'cdk-runner-01',
    labels: ['self-hosted'],
    env: { MAX_CONCURRENT: '2', POLL_INTERVAL: '0.2' },
  };
  stack = await startStack({
    hosts: [layout],
    delays: 'create=0.01,start=0.02,boot=0.05,stop=0.01,destroy=0.01',
  });
  const [only] = stack.hosts;
  if (!only) throw new Error('the stack has no host');
  host = only;
  await host.start();
  await poolUntil(stack, host.name, full);
  stack.github.queueWorkflowRun({ workflow: 'CI', jobs: [job('long', 600_000)] });
  const settled = await poolUntil(stack, host.name, ({ runners, counts }) => {
    const idle = runners.filter(({ phase }) => phase === 'idle' || phase === 'standby');
    return idle.length === 2 && runners.some(({ phase }) => phase === 'busy') && counts.removing === 0;
  });
  names = settled.runners.map(({ name }) => name).sort();
  busy = settled.runners.find(({ phase }) => phase === 'busy')?.name ?? '';
  await host.worker().kill();
  await nixos('create', 'webserver', '--system-path', host.env['CONTAINER_SYSTEM'] ?? '');
}, 120_000);

afterEach(async () => await stack.stop(), 60_000);

const nixos = async (...args: string[]) =>
  (await execa(host.env['NIXOS_CONTAINER'] ?? '', args, { env: host.env })).stdout;
const withoutTemporal = () => ({ ...host.env, TEMPORAL_ADDRESS: '127.0.0.1:9' });

test('destroys this pool’s containers without Temporal, deregistered first, and nobody else’s', async () => {
  const ended = await run(withoutTemporal(), 'cleanup-all-containers', '--direct', '--yes', '--json');
  const { containers } = json<{ containers: { container: string; registration: string }[] }>(ended);
  expect({
    exitCode: ended.exitCode,
    busy: containers.find(({ container }) => container === busy)?.registration,
  }).toEqual({
    exitCode: 0,
    busy: 'busy',
  });
  expect(containers).toEqual(
    names.map((container) => ({
      container,
      registration: expect.stringMatching(/^(removed|gone|busy)$/),
      destroyed: true,
    })),
  );
  expect(await nixos('list')).toBe('webserver');
  // The busy runner was asked politely, so it could still report its job as cancelled and take its leave.
  await stack.github.until(({ runners }) => runners.length === 0);
}, 60_000);

test('says what it could not do while GitHub is away, and destroys all the same', async () => {
  stack.github.addFault({ kind: 'outage', mode: 'refuse' });
  const { exitCode, stdout } = await run(withoutTemporal(), 'cleanup-all-containers', '--direct', '--yes');
  const [first, ...rest] = stdout.split('\n');
  expect(first).toMatch(
    new RegExp(
      `^${names[0]} +destroyed; registration not removed: GitHub did not answer \\(.+\\) when asked to find runner cdk-runner-01-${names[0]}\\.$`,
    ),
  );
  expect({ exitCode, rest: rest.slice(-3), left: await nixos('list') }).toEqual({
    exitCode: 0,
    rest: [
      '3 containers of cdk-runner-01 destroyed.',
      '3 registrations may be left on GitHub: cleanup-github-runners removes them later.',
      'Temporal was not told: the pool finds out when its worker runs again, and then fills up, unless it is drained.',
    ],
    left: 'webserver',
  });
}, 60_000);

test('asks at a terminal, and does nothing unless the answer is yes', async () => {
  const refused = await answer('n');
  expect({ ...refused, left: (await nixos('list')).split('\n').length }).toEqual({
    exitCode: 1,
    asked: true,
    last: 'cleanup-all-containers: Not confirmed: nothing was done.',
    left: 4,
  });
  const { exitCode, asked } = await answer('y');
  expect({ exitCode, asked, left: await nixos('list') }).toEqual({
    exitCode: 0,
    asked: true,
    left: 'webserver',
  });
}, 60_000);

/** Runs the command at a terminal that script(1) makes, where a program can type. */
async function answer(text: string) {
  const program = 'dist/scripts/cleanup-all-containers.js --direct';
  const terminal = execa('script', ['--quiet', '--return', '--command', program, '/dev/null'], {
    env: withoutTemporal(),
    reject: false,
    timeout: 50_000,
  });
  terminal.stdout.on('data', (output) => {
    if (String(output).includes('[y/N]')) terminal.stdin.write(`${text}\n`);
  });
  const { stdout, exitCode } = await terminal;
  const lines = stdout.trimEnd().split(/\r?\n/);
  const asked = stdout.includes('Destroy 3 containers of cdk-runner-01 here, running jobs and all?');
  return { exitCode, asked, last: lines.at(-1)?.trim() };
}
