import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const main = 'dist/simulators/github/main.js';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'github-simulator-'));
  await writeFile(join(folder, 'token'), 'token-one\n');
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts the built program, so after `npm run build`. */
async function start(
  ...more: string[]
): Promise<{ program: ChildProcess; url: string; ended: Promise<unknown> }> {
  const args = ['--repository', 'cashubtc/cdk', '--token-file', join(folder, 'token'), ...more];
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build makes it`);
  const program = spawn(process.execPath, [main, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit');
  const [line] = (await once(createInterface(program.stdout), 'line')) as [string];
  return { program, ended, ...(JSON.parse(line) as { url: string }) };
}

test('accepts the tokens of its file', async () => {
  const { program, url, ended } = await start();
  const ask = async (token: string) =>
    (await fetch(`${url}/repos/cashubtc/cdk`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await ask('token-one'), await ask('')]).toEqual([200, 401]);
  program.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('stops on SIGINT while a runner polls', async () => {
  const { program, url, ended } = await start();
  const poll = fetch(`${url}/_runner/sessions/none/message`);
  program.kill('SIGINT');
  await poll.catch(() => undefined);
  expect(await ended).toEqual([0, null]);
});

test('stops when asked to over HTTP', async () => {
  const { url, ended } = await start();
  await fetch(`${url}/_sim/shutdown`, { method: 'POST' });
  expect(await ended).toEqual([0, null]);
});

test('stops when its standard input closes, where that is wanted', async () => {
  const { program, ended } = await start('--exit-with-stdin');
  program.stdin?.end();
  expect(await ended).toEqual([0, null]);
});
