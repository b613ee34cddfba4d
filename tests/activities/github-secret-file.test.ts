import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { secretFile, tokenFault } from '../../activities/github-secret-file.js';
import { failureOf } from './github-fixture.js';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secret-file-'));
  path = join(dir, 'token');
});
afterEach(() => rm(dir, { recursive: true }));

const read = (file = path) => secretFile(file, 'GitHub token', tokenFault)();

test('reads the token without the line break behind it', async () => {
  await writeFile(path, 'github_pat_1\n');
  expect(await read()).toBe('github_pat_1');
});

test('reads the token behind a link that has been moved to another file of the same size', async () => {
  await writeFile(join(dir, '1'), 'github_pat_1');
  await writeFile(join(dir, '2'), 'github_pat_2');
  await symlink('1', path);
  const token = secretFile(path, 'GitHub token', tokenFault);
  expect(await token()).toBe('github_pat_1');
  await symlink('2', join(dir, 'next'));
  await rename(join(dir, 'next'), path);
  expect(await token()).toBe('github_pat_2');
});

test.each([
  ['', 'is empty'],
  [' \n', 'is empty'],
  ['github_pat_1\ngithub_pat_2', 'holds more than one token (a space, a line break or a strange character)'],
  ['github_pat_1 ', undefined],
  ['github_pat_\u00e9', 'holds more than one token (a space, a line break or a strange character)'],
])('says in one sentence what is wrong with %j, and repeats none of it', async (content, wrong) => {
  await writeFile(path, content);
  if (!wrong) return expect(await read()).toBe('github_pat_1');
  const told = await failureOf(read());
  expect(told).toMatchObject({ type: 'ConfigInvalid', message: `The GitHub token file ${path} ${wrong}.` });
  expect(told.everything).not.toContain('github_pat_');
});

test('says that a file is missing or a directory', async () => {
  expect(await failureOf(read())).toMatchObject({
    type: 'ConfigInvalid',
    message: `The GitHub token file ${path} does not exist.`,
  });
  expect(await failureOf(read(dir))).toMatchObject({
    type: 'ConfigInvalid',
    message: `The GitHub token file ${dir} is a directory.`,
  });
});
