import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContainerActivities, type ContainerOptions } from '../../activities/containers.js';
import type { RunCommand } from '../../activities/command-runner.js';
import { runCommand } from '../../activities/run-command.js';
import { failure } from '../../workflows/failures.js';
import { createRuntimeDir, removeRuntimeDir } from '../../activities/runtime-dir.js';
import { activityEnvironment, makeHost, report, type Host } from './host-fixture.js';

const name = '3a1f9-r0';
let host: Host;

beforeEach(async () => {
  host = await makeHost();
});
afterEach(() => host.remove());

/** The activities, each run in an activity's context. */
function containers(options: Partial<ContainerOptions> = {}) {
  const activities = createContainerActivities({ ...host, ...options });
  const { environment, run, logged } = activityEnvironment();
  return {
    environment,
    logged,
    create: (system = host.system) => run(() => activities.createContainer({ name, system })),
    start: (bootTimeoutMs = 10_000) => run(() => activities.startContainer({ name, bootTimeoutMs })),
    stop: () => run(() => activities.stopContainer({ name })),
    destroy: () => run(() => activities.destroyContainer({ name, reason: 'job-done' })),
  };
}

const conf = () => readFile(join(host.confDir, `${name}.conf`), 'utf8');
const status = async () => (await host.nixos('status', name)).stdout;
const in_ = () => join(host.runtimeDir, name, 'in');
const out = () => join(host.runtimeDir, name, 'out');

/** What is there of any container, by directory. */
async function traces() {
  const list = (path: string) => readdir(path).catch(() => []);
  return {
    confs: await list(host.confDir),
    roots: await list(host.rootDir),
    runtime: await list(host.runtimeDir),
    simulated: JSON.parse(await host.leftovers()) as unknown,
  };
}

async function expectNothingLeft() {
  const simulated = { processes: [], confs: [], roots: [], profiles: [], locks: [] };
  expect(await traces()).toEqual({ confs: [], roots: [], runtime: [], simulated });
}

test('makes, starts, stops and destroys a container, and nothing is left', async () => {
  const { create, start, stop, destroy, logged } = containers();
  await create();
  expect(await status()).toBe('down');
  const before = Date.now();
  const { bootedAt } = await start();
  expect(bootedAt).toBeGreaterThanOrEqual(before);
  expect(await status()).toBe('up');
  await stop();
  expect(await status()).toBe('down');
  await destroy();
  await expectNothingLeft();
  expect(logged()).toEqual(['INFO destroying container']);
});

test('adds its settings to what nixos-container wrote', async () => {
  await containers({
    extraNspawnFlags: ['--system-call-filter=@keyring', '--system-call-filter=bpf'],
  }).create();
  const binds = `--bind-ro=${in_()}:/run/runner/in:idmap --bind=${out()}:/run/runner/out:idmap`;
  expect((await conf()).split('\n')).toEqual([
    'PRIVATE_NETWORK=1',
    'HOST_ADDRESS=10.233.1.1',
    'LOCAL_ADDRESS=10.233.1.2',
    'HOST_BRIDGE=',
    'HOST_PORT=',
    'AUTO_START=0',
    'PRIVATE_USERS=pick',
    `EXTRA_NSPAWN_FLAGS="${binds} --system-call-filter=@keyring --system-call-filter=bpf"`,
    '',
  ]);
  expect(await readdir(host.confDir)).toEqual([`${name}.conf`]);
});

test('mounts without idmap where there are no user namespaces', async () => {
  await containers({ privateUsers: 'no' }).create();
  expect((await conf()).split('\n').slice(-3)).toEqual([
    'PRIVATE_USERS=no',
    `EXTRA_NSPAWN_FLAGS="--bind-ro=${in_()}:/run/runner/in --bind=${out()}:/run/runner/out"`,
    '',
  ]);
});

test.each(['--bind=/a b:/c', '--quote="x"', '$HOME', 'line\nbreak', ''])('refuses the flag %j', (flag) => {
  expect(() => containers({ extraNspawnFlags: [flag] })).toThrow(
    failure(
      'ConfigInvalid',
      `${JSON.stringify(flag)} can't be an argument of systemd-nspawn: give one plain word.`,
    ),
  );
});

test('makes it anew over whatever an earlier attempt left', async () => {
  const { create, start, logged } = containers();
  await create();
  await start();
  await report(host.runtimeDir, name, 'listening', { at: new Date().toISOString() });
  await create();
  expect(await status()).toBe('down');
  expect(await readdir(out())).toEqual([]);
  expect(logged()).toEqual(['WARN destroying what an earlier attempt left']);
});

test('makes it over a conf that was cut off half-way', async () => {
  await mkdir(host.confDir);
  await writeFile(join(host.confDir, `${name}.conf.unfinished`), 'PRIVATE');
  await createRuntimeDir(host.runtimeDir, name);
  await containers().create();
  expect(await readdir(host.confDir)).toEqual([`${name}.conf`]);
});

test('makes none when the disk is full', async () => {
  await expect(containers({ minFreeBytes: 2 ** 60 }).create()).rejects.toMatchObject({
    type: 'HostFull',
    nonRetryable: true,
    message: `Container ${name} is not made. Less than 1073741824.0 GiB is free on the disk of ${host.rootDir}.`,
  });
  await expectNothingLeft();
});

test.each([
  ['/nowhere/system', 'ENOENT'],
  ['result', 'not an absolute path'],
])('makes none from the system %s', async (system, problem) => {
  await expect(containers().create(system)).rejects.toMatchObject({
    type: 'SystemMissing',
    nonRetryable: true,
    message: `The container system ${system} is not on this host (${problem}): build and deploy it.`,
  });
  await expectNothingLeft();
});

test('leaves nothing of a create that fails', async () => {
  await host.setFaults([{ fault: 'create-fails' }]);
  await expect(containers().create()).rejects.toMatchObject({
    type: 'ContainerStartFailed',
    message: expect.stringContaining('failed to set initial container configuration'),
  });
  await expectNothingLeft();
});

test('leaves nothing of a create that takes too long', async () => {
  await host.setDelays('create=60');
  await expect(containers({ commandTimeouts: { createMs: 300 } }).create()).rejects.toMatchObject({
    type: 'CommandTimedOut',
  });
  await expectNothingLeft();
});

test('finishes a create that a shutdown of the worker falls into', async () => {
  const { environment, create } = containers();
  const created = create();
  environment.cancel('WORKER_SHUTDOWN');
  await created;
  expect(await conf()).toContain('EXTRA_NSPAWN_FLAGS');
});

test('starts one that is started already', async () => {
  const { create, start } = containers();
  await create();
  const first = await start();
  expect(await start()).toEqual(first);
});

test('tells that a start failed', async () => {
  const { create, start } = containers();
  await create();
  await host.setFaults([{ fault: 'start-fails' }]);
  await expect(start()).rejects.toMatchObject({
    type: 'ContainerStartFailed',
    nonRetryable: false,
    message: expect.stringContaining('failed to start container'),
  });
});

test('tells that a started container does not report in time', async () => {
  const { create, start } = containers();
  await create();
  await host.setFaults([{ fault: 'boot-silent' }]);
  await expect(start(500)).rejects.toMatchObject({
    type: 'ContainerStartFailed',
    message: `Container ${name} did not report booted within 500 ms.`,
  });
});

test('counts a start that hangs as time of the boot', async () => {
  const { create, start, destroy } = containers();
  await create();
  await host.setFaults([{ fault: 'start-hangs' }]);
  await expect(start(500)).rejects.toMatchObject({
    type: 'ContainerStartFailed',
    message: `Container ${name} did not report booted within 500 ms.`,
  });
  // systemd is still starting it, which `destroy` alone would not notice.
  await destroy();
  await expectNothingLeft();
});

test('believes no boot in the future', async () => {
  const { create, start } = containers();
  await create();
  await report(host.runtimeDir, name, 'booted', { at: '2999-01-01T00:00:00Z' });
  expect((await start()).bootedAt).toBeLessThanOrEqual(Date.now());
});

test('tells that a container to start is gone', async () => {
  await expect(containers().start()).rejects.toMatchObject({ type: 'ContainerLost', nonRetryable: true });
});

test('tells that a container goes while it boots', async () => {
  const { create, start } = containers();
  await create();
  await host.setFaults([{ fault: 'boot-silent' }]);
  await expect(start(300)).rejects.toMatchObject({ type: 'ContainerStartFailed' });
  const started = start();
  started.catch(() => undefined);
  await removeRuntimeDir(host.runtimeDir, name);
  await expect(started).rejects.toMatchObject({ type: 'ContainerLost' });
});

test('breaks a start off when the worker shuts down, and takes it up again', async () => {
  const first = containers();
  await first.create();
  await host.setDelays('start=1');
  const starting = host.starting();
  const started = first.start();
  await starting;
  first.environment.cancel('WORKER_SHUTDOWN');
  await expect(started).rejects.toMatchObject({ name: 'CancelledFailure', message: 'WORKER_SHUTDOWN' });
  await containers().start();
  expect(await status()).toBe('up');
});

test('makes one whose out/ shares a filesystem, and says so, where systemd mounts none', async () => {
  const start: RunCommand = (command) =>
    command.program === 'systemd-mount'
      ? Promise.resolve({ exitCode: 1, stdout: '', stderr: 'System has not been booted with systemd' })
      : runCommand(command);
  const { create, start: boot, destroy, logged } = containers({ outBytes: 2 ** 20, runCommand: start });
  await create();
  await boot();
  await destroy();
  await expectNothingLeft();
  expect(logged()).toEqual([
    'WARN out/ shares its filesystem with other containers',
    'INFO destroying container',
  ]);
});

test('has nothing to stop or destroy of a container that is gone', async () => {
  const { stop, destroy } = containers();
  await stop();
  await destroy();
  await destroy();
  await expectNothingLeft();
});

test('tells that a stop failed', async () => {
  const { create, stop } = containers();
  await create();
  await host.setFaults([{ fault: 'stop-fails' }]);
  await expect(stop()).rejects.toMatchObject({
    type: 'ContainerNotRemoved',
    nonRetryable: false,
    message: expect.stringContaining('failed to stop container'),
  });
});

test('destroys one that does not stop', async () => {
  const { create, start, destroy, logged } = containers();
  await create();
  await start();
  await host.setFaults([{ fault: 'stop-fails' }]);
  await destroy();
  await expectNothingLeft();
  expect(logged()).toEqual([
    'INFO destroying container',
    'WARN container does not stop',
    // There is no systemd behind a simulated one.
    'WARN container is not killed',
  ]);
});

test('fails, to be tried again, when a destroy fails, and keeps what the container shares with the host', async () => {
  const { create, start, destroy } = containers();
  await create();
  await start();
  await host.setFaults([{ fault: 'destroy-fails', times: 1 }]);
  await expect(destroy()).rejects.toMatchObject({
    type: 'ContainerNotRemoved',
    nonRetryable: false,
    message: expect.stringContaining('failed to terminate container'),
  });
  expect((await traces()).runtime).toEqual([name]);
  await destroy();
  await expectNothingLeft();
});

test('fails when nixos-container says that it destroyed what is still there', async () => {
  const lying = join(host.dir, 'lying');
  await writeFile(lying, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  await containers().create();
  await expect(containers({ nixosContainer: lying }).destroy()).rejects.toMatchObject({
    type: 'ContainerNotRemoved',
    message: `Container ${name} is destroyed, but ${join(host.confDir, `${name}.conf`)} still exists.`,
  });
});

test('removes a root that nixos-container knows nothing of', async () => {
  await mkdir(join(host.rootDir, name, 'var'), { recursive: true });
  await containers().destroy();
  await expectNothingLeft();
});

test('touches nothing of another name', async () => {
  await containers().create();
  await rm(join(host.runtimeDir, name), { recursive: true });
  const other = createContainerActivities(host);
  const { run } = activityEnvironment();
  await expect(
    run(() => other.destroyContainer({ name: 'database', reason: 'mistaken' })),
  ).rejects.toMatchObject({ type: 'ConfigInvalid' });
  expect((await traces()).confs).toEqual([`${name}.conf`]);
});
