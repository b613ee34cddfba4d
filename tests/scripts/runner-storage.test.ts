import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Storage } from '../../scripts/lib/storage.js';
import { json, run } from './commands.js';

let directory: string;
let env: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runner-storage-'));
  env = {
    CONTAINER_ROOT_DIR: join(directory, 'roots'),
    RUNTIME_DIR: join(directory, 'run'),
    LOG_DIR: join(directory, 'log'),
  };
});

afterEach(async () => await rm(directory, { recursive: true }));

test('measures containers of the pool and kept logs, and nothing else', async () => {
  await mkdir(join(directory, 'roots', '3a1f9-r0', 'var'), { recursive: true });
  await writeFile(join(directory, 'roots', '3a1f9-r0', 'var', 'big'), Buffer.alloc(1024 * 1024, 1));
  await mkdir(join(directory, 'roots', 'somebody-else'));
  await mkdir(join(directory, 'log'));
  await writeFile(join(directory, 'log', 'cdk-runner-01-3a1f8-r0.log.gz'), 'x'.repeat(100));
  await writeFile(join(directory, 'log', 'cdk-runner-01-3a1f7-r1.log.gz'), 'x'.repeat(20));
  await utimes(join(directory, 'log', 'cdk-runner-01-3a1f7-r1.log.gz'), 1_700_000_000, 1_700_000_000);
  await writeFile(join(directory, 'log', 'notes.txt'), 'not a log');

  const { containers, logs, disks } = json<Storage>(await run(env, 'runner-storage', '--json'));
  const size = containers[0]?.bytes ?? 0;
  expect({ names: containers.map(({ name }) => name), logs, inMiB: size / 2 ** 20 }).toEqual({
    names: ['3a1f9-r0'],
    logs: { files: 2, bytes: 120, oldestAt: '2023-11-14T22:13:20.000Z' },
    inMiB: expect.closeTo(1, 1),
  });
  expect(disks.map(({ what, path, space }) => ({ what, path, there: space !== null })).slice(0, 3)).toEqual([
    { what: 'Containers', path: env['CONTAINER_ROOT_DIR'], there: true },
    { what: 'Event files', path: env['RUNTIME_DIR'], there: false },
    { what: 'Logs', path: env['LOG_DIR'], there: true },
  ]);
});

test('shows a machine that has nothing yet', async () => {
  const { exitCode, stdout, stderr } = await run(env, 'runner-storage');
  const lines = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '));
  expect({
    exitCode,
    stderr,
    first: lines.slice(0, 4),
    noContainer: lines.includes('No container.'),
  }).toEqual({
    exitCode: 0,
    stderr: '',
    first: [
      'DISK | SIZE | USED | FREE | PATH',
      `Containers | ${directory}/roots (absent)`,
      `Event files | ${directory}/run (absent)`,
      `Logs | ${directory}/log (absent)`,
    ],
    noContainer: true,
  });
});
