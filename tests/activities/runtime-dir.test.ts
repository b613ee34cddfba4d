import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../workflows/failures.js';
import {
  createRuntimeDir,
  handOver,
  isHandedOver,
  removeRuntimeDir,
  runtimePaths,
} from '../../activities/runtime-dir.js';

const name = '3a1f9-r0';
let base: string;
let runtimeDir: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'runtime-dir-'));
  runtimeDir = join(base, 'runtime');
});
afterEach(() => rm(base, { recursive: true, force: true }));

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

test('makes in/ and out/ below a directory that only its owner may enter', async () => {
  const paths = await createRuntimeDir(runtimeDir, name);
  const modes = await Promise.all([runtimeDir, paths.dir, paths.in, paths.out].map(modeOf));
  expect(modes).toEqual(['700', '700', '755', '755']);
});

test.each([
  '../etc',
  '3a1f9-r0/../../etc',
  '3a1f9-r0\n',
  '',
  '.',
  '3A1F9-r0',
  '3a1f9-r',
  'ffff-r1',
  '3a1f9-r00000',
])('builds no path from %j', (odd) => {
  expect(() => runtimePaths(runtimeDir, odd)).toThrow(
    failure('ConfigInvalid', `${JSON.stringify(odd)} is not the name of one of our containers.`),
  );
});

test('hands the JIT configuration over whole, for its owner only, and leaves nothing else', async () => {
  const paths = await createRuntimeDir(runtimeDir, name);
  expect(await isHandedOver(runtimeDir, name)).toBe(false);
  await handOver(runtimeDir, name, 'secret');
  expect({
    handedOver: await isHandedOver(runtimeDir, name),
    content: await readFile(paths.jitConfig, 'utf8'),
    mode: await modeOf(paths.jitConfig),
    files: await readdir(paths.in),
  }).toEqual({ handedOver: true, content: 'secret', mode: '400', files: ['jitconfig'] });
});

test('hands over after an attempt that was cut off, and through no link', async () => {
  const paths = await createRuntimeDir(runtimeDir, name);
  const victim = join(base, 'victim');
  await writeFile(victim, 'untouched');
  await symlink(victim, `${paths.jitConfig}.unfinished`);
  await symlink(victim, paths.jitConfig);
  await handOver(runtimeDir, name, 'secret');
  expect(await readFile(victim, 'utf8')).toBe('untouched');
  expect(await readFile(paths.jitConfig, 'utf8')).toBe('secret');
});

test('tells that the container is lost, and not the secret, when there is nowhere to hand it over to', async () => {
  await expect(handOver(runtimeDir, name, 'secret')).rejects.toMatchObject({
    type: 'ContainerLost',
    message: `The container is gone: its directory ${join(runtimeDir, name, 'in')} does not exist any more.`,
  });
});

test('removes a tree that is deeper than a path can be long', async () => {
  const { out } = await createRuntimeDir(runtimeDir, name);
  // Each round moves the tree so far one level of 200 characters down.
  const part = 'd'.repeat(200);
  const [inner, outer] = [join(out, 'inner'), join(out, 'outer')];
  await mkdir(inner);
  for (let depth = 0; depth < 30; depth += 1) {
    await mkdir(outer);
    await rename(inner, join(outer, part));
    await rename(outer, inner);
  }
  await removeRuntimeDir(runtimeDir, name);
  expect(await readdir(runtimeDir)).toEqual([]);
});

test('removes a link, not what it leads to', async () => {
  const { out } = await createRuntimeDir(runtimeDir, name);
  const victim = join(base, 'victim');
  await mkdir(victim);
  await writeFile(join(victim, 'file'), '');
  await symlink(victim, join(out, 'link'));
  await chmod(out, 0o500);
  await removeRuntimeDir(runtimeDir, name);
  expect(await readdir(runtimeDir)).toEqual([]);
  expect(await readdir(victim)).toEqual(['file']);
});

test('has nothing to remove of a container that is gone', async () => {
  await expect(removeRuntimeDir(runtimeDir, name)).resolves.toBeUndefined();
});
