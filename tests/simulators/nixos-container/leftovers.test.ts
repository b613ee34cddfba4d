import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { execa } from 'execa';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeSimHost, type SimHost } from './sim-host.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

let host: SimHost;

beforeEach(async () => {
  host = await makeSimHost();
});
afterEach(() => host.remove());

test('finds nothing in a directory that was never used', async () => {
  expect(await host.leftovers()).toEqual({
    exitCode: 0,
    left: { processes: [], confs: [], roots: [], profiles: [], locks: [] },
  });
});

test('lists what there is', async () => {
  await host.create('a-r0');
  await host.create('b-r1');
  await host.nixos('start', 'b-r1');
  expect(await host.leftovers()).toEqual({
    exitCode: 1,
    left: {
      processes: [{ container: 'b-r1', pid: await host.pid('b-r1') }],
      confs: ['a-r0', 'b-r1'],
      roots: ['b-r1'],
      profiles: ['a-r0', 'b-r1'],
      locks: [],
    },
  });
});

test('lists a lock while somebody holds it', async () => {
  await host.nixos('list');
  const path = join(host.sim, 'lock', 'nixos-container');
  const holder = execa('flock', [path, 'sh', '-c', 'echo held; read end'], { reject: false });
  await once(holder.stdout, 'data');
  expect((await host.leftovers()).left['locks']).toEqual(['nixos-container']);
  holder.stdin.end();
  await holder;
  expect((await host.leftovers()).left['locks']).toEqual([]);
});

test('ends all container processes on request, side by side', async () => {
  host.setDelays({ stop: 0.5 });
  const names = Array.from({ length: 8 }, (_, slot) => `3a1f9-r${slot}`);
  await Promise.all(names.map((name) => host.create(name)));
  await Promise.all(names.map((name) => host.nixos('start', name)));
  const before = Date.now();
  const { left } = await host.leftovers('--stop');
  expect(Date.now() - before).toBeLessThan(3_000);
  expect(left).toMatchObject({ processes: [], confs: names });
});

test('explains itself', async () => {
  const program = 'simulators/nixos-container/leftovers';
  const help = await execa(program, ['--help']);
  expect(help.stdout).toMatch(/^Usage: leftovers/);
  const [wrong, unset] = await Promise.all([
    execa(program, ['--everything'], { reject: false }),
    execa(program, { reject: false, env: { NIXOS_CONTAINER_SIM_DIR: '' } }),
  ]);
  expect([wrong.exitCode, unset.exitCode]).toEqual([2, 2]);
});
