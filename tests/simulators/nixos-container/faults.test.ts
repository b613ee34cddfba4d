import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../files.js';
import { makeSimHost, program, type SimHost } from './sim-host.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

const name = '3a1f9-r0';
let host: SimHost;

beforeEach(async () => {
  host = await makeSimHost();
});
afterEach(() => host.remove());

const said = (text: string) => `${program}: ${text}`;
const status = async () => (await host.nixos('status', name)).stdout;
/** Resolves when systemd, so to speak, has begun to start the container. */
const starting = () =>
  until(join(host.sim, 'run'), async () => (await readdir(join(host.sim, 'run'))).includes(name));

test('fails a command as often as it is told, and then no more', async () => {
  await host.setFaults({ fault: 'create-fails', times: 2 });
  const codes = [];
  for (let tries = 0; tries < 3; tries += 1) codes.push((await host.create(name)).exitCode);
  expect(codes).toEqual([2, 2, 0]);
  expect(await readdir(host.sim)).toContain('faults.json');
});

test('fails side by side exactly as often as it is told', async () => {
  await host.setFaults({ fault: 'create-fails', times: 3 });
  const names = Array.from({ length: 6 }, (_, slot) => `3a1f9-r${slot}`);
  const codes = await Promise.all(names.map(async (container) => (await host.create(container)).exitCode));
  expect(codes.sort()).toEqual([0, 0, 0, 2, 2, 2]);
});

test('hangs a create that has claimed its name, as long as its caller waits', async () => {
  await host.setFaults({ fault: 'create-hangs', container: name });
  await host.create('other');
  const create = host.begin('create', name, '--system-path', host.system);
  await until(host.confDir, async () => (await readdir(host.confDir)).includes(`${name}.conf`));
  create.kill();
  expect((await create).signal).toBe('SIGTERM');
  expect((await host.nixos('list')).stdout.split('\n')).toEqual([name, 'other']);
});

test('fails for one container and not for another', async () => {
  await host.setFaults({ fault: 'start-fails', container: name });
  await host.create(name);
  await host.create('other');
  expect(await host.nixos('start', name)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: said('failed to start container'),
  });
  expect((await host.nixos('start', 'other')).exitCode).toBe(0);
});

test('hangs a start until the unit times out, down all the while', async () => {
  host.setDelays({ 'start-timeout': 0.5 });
  await host.create(name);
  await host.setFaults({ fault: 'start-hangs' });
  await host.nixos('list');
  const start = host.nixos('start', name);
  await starting();
  expect(await status()).toBe('down');
  expect((await start).stderr.split('\n').at(-1)).toBe(said('failed to start container'));
});

test('goes on starting after the command that asked for it was killed', async () => {
  host.setDelays({ start: 0.5 });
  await host.createRunner(name);
  await host.nixos('list');
  const start = host.begin('start', name);
  await starting();
  start.kill('SIGKILL');
  await host.event(name, 'booted');
  expect(await status()).toBe('up');
});

test('stops a container that is still starting, which fails its start', async () => {
  host.setDelays({ start: 300 });
  await host.create(name);
  const start = host.nixos('start', name);
  await starting();
  expect((await host.nixos('stop', name)).exitCode).toBe(0);
  expect((await start).exitCode).toBe(1);
  expect((await host.nixos('destroy', name)).exitCode).toBe(0);
  expect((await host.leftovers()).exitCode).toBe(0);
});

test('leaves the process of a container that is destroyed while it starts, as the real one does', async () => {
  host.setDelays({ start: 300 });
  await host.create(name);
  const start = host.nixos('start', name);
  await starting();
  await host.nixos('destroy', name);
  expect((await host.nixos('list')).stdout).toBe('');
  const { exitCode, left } = await host.leftovers();
  expect({ exitCode, processes: left['processes'] }).toEqual({
    exitCode: 1,
    processes: [{ container: name, pid: await host.pid(name) }],
  });
  await host.leftovers('--stop');
  await start;
});

test('never reports a silent boot', async () => {
  await host.createRunner(name);
  await host.createRunner('other');
  await host.setFaults({ fault: 'boot-silent', container: name });
  await Promise.all([host.nixos('start', name), host.nixos('start', 'other')]);
  await host.event('other', 'booted');
  expect({ status: await status(), events: await host.events(name) }).toEqual({ status: 'up', events: [] });
});

test('dies after the time it is given', async () => {
  await host.create(name);
  await host.setFaults({ fault: 'dies', seconds: 0.2, times: 1 });
  await host.nixos('start', name);
  const pid = await host.pid(name);
  await host.gone(pid);
  expect(await status()).toBe('down');
  await host.nixos('start', name);
  expect(await status()).toBe('up');
});

test('kills a container that does not stop in time', async () => {
  host.setDelays({ 'stop-timeout': 0.3 });
  await host.create(name);
  await host.setFaults({ fault: 'stop-hangs' });
  await host.nixos('start', name);
  expect((await host.nixos('stop', name)).exitCode).toBe(0);
  expect(await status()).toBe('down');
});

test('fails to stop, to destroy and to list with the words of the real one', async () => {
  await host.create(name);
  await host.nixos('start', name);
  await host.setFaults(
    { fault: 'stop-fails' },
    { fault: 'destroy-fails' },
    { fault: 'list-fails', times: 1 },
  );
  expect([
    await host.nixos('stop', name),
    await host.nixos('destroy', name),
    await host.nixos('list'),
  ]).toEqual([
    { exitCode: 1, stdout: '', stderr: said('failed to stop container') },
    { exitCode: 1, stdout: '', stderr: said('failed to terminate container') },
    { exitCode: 30, stdout: '', stderr: `mkdir ${host.confDir}: Read-only file system` },
  ]);
  expect({ status: await status(), list: (await host.nixos('list')).stdout }).toEqual({
    status: 'up',
    list: name,
  });
});

test('names a fault that it does not know', async () => {
  await host.setFaults({ fault: 'explodes' });
  expect((await host.nixos('list')).stderr).toMatch(
    /: faults\.json: no fault ‘explodes’; there are list-fails, /,
  );
});
