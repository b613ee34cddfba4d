import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHostActivities, type HostOptions } from '../../activities/host.js';
import { createRuntimeDir, removeRuntimeDir } from '../../activities/runtime-dir.js';
import type { HostReport } from '../../workflows/model.js';
import { activityEnvironment, makeHost, type Host } from './host-fixture.js';

let host: Host;

beforeEach(async () => {
  host = await makeHost();
});
afterEach(() => host.remove());

/** Watches the host in an activity's context. */
function watcher(options: Partial<HostOptions> = {}) {
  const activities = createHostActivities({
    ...host,
    minFreeBytes: 0,
    isRunnerOpen: () => Promise.resolve(true),
    ...options,
  });
  const { environment, run, logged } = activityEnvironment();
  let looks = 0;
  environment.on('heartbeat', () => (looks += 1));
  return {
    environment,
    logged,
    looks: () => looks,
    watch: (previous: HostReport | null, expected: string[] = [], pollIntervalMs = 20) =>
      run(() => activities.watchHost({ host: 'cdk-runner-01', pollIntervalMs, previous, expected })),
  };
}

const create = (name: string) => host.nixos('create', name, '--system-path', host.system);
const report = (fields: Partial<HostReport> = {}): HostReport => ({
  at: 0,
  containers: [],
  orphans: [],
  ...fields,
});
const withoutTime = ({ ...fields }: HostReport) => ({ ...fields, at: 0 });

/** A look that sees what it saw before does not end the watch; this resolves when there have been `count`. */
async function afterLooks(count: number, { environment }: ReturnType<typeof watcher>) {
  await new Promise<void>((resolve) => {
    let seen = 0;
    environment.on('heartbeat', () => (seen += 1) === count && resolve());
  });
}

test('reports at once when nothing is known', async () => {
  const before = Date.now();
  const seen = await watcher().watch(null);
  expect(withoutTime(seen)).toEqual(report());
  expect(seen.at).toBeGreaterThanOrEqual(before);
});

test('reports our containers, sorted, and nobody else’s', async () => {
  for (const name of ['3a1f9-r1', '3a1f9-r0', 'database', 'j12345', '3a1f9-rx']) await create(name);
  await host.nixos('start', '3a1f9-r1');
  expect(withoutTime(await watcher().watch(null))).toEqual(
    report({
      containers: [
        { name: '3a1f9-r0', state: 'down' },
        { name: '3a1f9-r1', state: 'up' },
      ],
    }),
  );
});

test('keeps watching while nothing changes, and reports a container that dies', async () => {
  await create('3a1f9-r0');
  await host.nixos('start', '3a1f9-r0');
  const watched = watcher();
  const previous = await watched.watch(null);
  const next = watched.watch(previous);
  await afterLooks(3, watched);
  await host.nixos('terminate', '3a1f9-r0');
  expect(withoutTime(await next)).toEqual(report({ containers: [{ name: '3a1f9-r0', state: 'down' }] }));
});

test('reports what is left of containers that nixos-container does not know', async () => {
  await createRuntimeDir(host.runtimeDir, '3a1f9-r0');
  await mkdir(join(host.rootDir, '3a1fa-r1'), { recursive: true });
  await mkdir(join(host.rootDir, 'database'));
  expect(withoutTime(await watcher().watch(null))).toEqual(
    report({
      containers: [
        { name: '3a1f9-r0', state: 'down' },
        { name: '3a1fa-r1', state: 'down' },
      ],
    }),
  );
});

test('counts a container once, however many directories it has', async () => {
  await createRuntimeDir(host.runtimeDir, '3a1f9-r0');
  await create('3a1f9-r0');
  await host.nixos('start', '3a1f9-r0');
  const { containers } = await watcher().watch(null);
  expect(containers).toEqual([{ name: '3a1f9-r0', state: 'up' }]);
});

test('reports that remains are gone', async () => {
  await createRuntimeDir(host.runtimeDir, '3a1f9-r0');
  const watched = watcher();
  const next = watched.watch(report({ containers: [{ name: '3a1f9-r0', state: 'down' }] }));
  await afterLooks(2, watched);
  await removeRuntimeDir(host.runtimeDir, '3a1f9-r0');
  expect(withoutTime(await next)).toEqual(report());
});

test('reports a full disk in a sentence that stays the same', async () => {
  const { watch } = watcher({ minFreeBytes: 2 ** 60 });
  const full = `Less than 1073741824.0 GiB is free on the disk of ${host.rootDir}.`;
  const first = await watch(null);
  expect(withoutTime(first)).toEqual(report({ full }));
  const watched = watcher({ minFreeBytes: 2 ** 60 });
  const next = watched.watch(first);
  await afterLooks(3, watched);
  watched.environment.cancel();
  await expect(next).rejects.toMatchObject({ name: 'CancelledFailure' });
});

test('reports at the first look the runners whose workflow is gone', async () => {
  const { watch } = watcher({ isRunnerOpen: (name) => Promise.resolve(name === '3a1f9-r1') });
  expect(withoutTime(await watch(null, ['3a1f9-r2', '3a1f9-r1', '3a1f9-r0']))).toEqual(
    report({ orphans: ['3a1f9-r0', '3a1f9-r2'] }),
  );
});

test('asks for workflows at the first look and at each sixth', async () => {
  const asked: number[] = [];
  const watched = watcher({
    isRunnerOpen: () => {
      asked.push(watched.looks());
      return Promise.resolve(asked.length < 3);
    },
  });
  const next = await watched.watch(report(), ['3a1f9-r0']);
  expect(withoutTime(next)).toEqual(report({ orphans: ['3a1f9-r0'] }));
  // One heartbeat comes before the first look.
  expect(asked).toEqual([2, 8, 14]);
});

test('takes no workflow for gone because Temporal does not answer', async () => {
  const { watch, logged } = watcher({ isRunnerOpen: () => Promise.reject(new Error('UNAVAILABLE')) });
  const previous = report({ orphans: ['3a1f9-r1'], full: 'changes' });
  expect(withoutTime(await watch(previous, ['3a1f9-r0', '3a1f9-r1']))).toEqual(
    report({ orphans: ['3a1f9-r1'] }),
  );
  expect(logged()).toEqual(['WARN runner workflow not found out', 'WARN runner workflow not found out']);
});

test('never takes a host that does not answer for an empty one', async () => {
  await host.setFaults([{ fault: 'list-fails' }]);
  const { watch, logged } = watcher();
  await expect(watch(null)).rejects.toMatchObject({
    type: 'HostUnavailable',
    nonRetryable: false,
    message: `The host could not be inspected 3 times in a row: ${host.nixosContainer} list exited with 30: mkdir ${host.confDir}: Read-only file system`,
  });
  expect(logged().filter((line) => line === 'WARN host not inspected')).toHaveLength(3);
});

test('gets over two bad looks', async () => {
  await host.setFaults([{ fault: 'list-fails', times: 2 }]);
  expect(withoutTime(await watcher().watch(null))).toEqual(report());
});

/** A nixos-container that never answers. */
async function hangingProgram(): Promise<string> {
  const path = join(host.dir, 'hanging');
  await writeFile(path, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  return path;
}

test('tells that nixos-container does not answer in time', async () => {
  const nixosContainer = await hangingProgram();
  await expect(watcher({ nixosContainer, commandTimeoutMs: 50 }).watch(null)).rejects.toMatchObject({
    type: 'HostUnavailable',
    message: `The host could not be inspected 3 times in a row: ${nixosContainer} list was ended after 50 ms.`,
  });
});

test.each(['CANCELLED', 'WORKER_SHUTDOWN'] as const)(
  'ends at once on %s, in the middle of a look',
  async (reason) => {
    const watched = watcher({ nixosContainer: await hangingProgram() });
    const next = watched.watch(report());
    watched.environment.cancel(reason);
    await expect(next).rejects.toMatchObject({ name: 'CancelledFailure', message: reason });
  },
);
