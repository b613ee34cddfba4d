import { expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeExit, runCommand, streamCommand } from '../../activities/run-command.js';

const shell = (script: string, timeoutMs = 10_000) => ({
  program: '/bin/sh',
  args: ['-c', script],
  timeoutMs,
});

test('tells how a command ended, whatever its exit code', async () => {
  expect(await runCommand(shell('echo out; echo err >&2; exit 3'))).toEqual({
    exitCode: 3,
    stdout: 'out',
    stderr: 'err',
  });
});

test('counts a signal as a shell does', async () => {
  expect(await runCommand(shell('kill -KILL $$'))).toEqual({ exitCode: 137, stdout: '', stderr: '' });
});

test('takes arguments as they are, without a shell', async () => {
  const command = { program: '/bin/echo', args: ['$HOME', '; reboot', '*'], timeoutMs: 10_000 };
  expect((await runCommand(command)).stdout).toBe('$HOME ; reboot *');
});

/** A command that waits for a child which ignores the polite signal; `ended` resolves when both are gone. */
async function stubbornCommand(timeoutMs: number) {
  const dir = await mkdtemp(join(tmpdir(), 'run-command-'));
  const pipe = join(dir, 'held');
  await runCommand(shell(`mkfifo ${pipe}`));
  // Reading it ends when the last process that holds it open for writing has.
  const ended = readFile(pipe).finally(() => rm(dir, { recursive: true }));
  return { ...shell(`exec 3>${pipe}; sh -c 'trap "" TERM; echo up; sleep 600' & wait`, timeoutMs), ended };
}

test('ends the whole group of a command that is over its time', async () => {
  const command = await stubbornCommand(300);
  await expect(runCommand(command)).rejects.toMatchObject({
    type: 'CommandTimedOut',
    nonRetryable: false,
    message: `/bin/sh ${command.args.join(' ')} was ended after 300 ms.`,
  });
  await command.ended;
});

test('ends the whole group of a command that is aborted', async () => {
  const command = await stubbornCommand(10_000);
  const abort = new AbortController();
  const reason = new Error('the worker shuts down');
  const stream = streamCommand({ ...command, signal: abort.signal });
  expect(Buffer.from((await stream.next()).value as Uint8Array).toString()).toBe('up\n');
  abort.abort(reason);
  await expect(stream.next()).rejects.toBe(reason);
  await command.ended;
});

test('does not start a command that is aborted already', async () => {
  const reason = new Error('cancelled');
  await expect(runCommand({ ...shell('exit 0'), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('refuses output without end', async () => {
  await expect(runCommand(shell('yes'))).rejects.toMatchObject({
    type: 'HostUnavailable',
    message: '/bin/sh -c yes printed more than 1048576 bytes.',
  });
});

test('names a program that is not there', async () => {
  const command = { program: '/nowhere/nixos-container', args: ['list'], timeoutMs: 1_000 };
  const expected = {
    type: 'HostUnavailable',
    message: '/nowhere/nixos-container list could not be started (ENOENT).',
  };
  await expect(runCommand(command)).rejects.toMatchObject(expected);
  await expect(streamCommand(command).next()).rejects.toMatchObject(expected);
});

test('passes on the environment, but no secret in it', async () => {
  process.env.TEMPORAL_API_KEY = 'secret';
  try {
    const command = { ...shell('echo "$TEMPORAL_API_KEY,$GIVEN,${PATH:+path}"'), env: { GIVEN: 'given' } };
    expect((await runCommand(command)).stdout).toBe(',given,path');
  } finally {
    delete process.env.TEMPORAL_API_KEY;
  }
});

test('ends a command that nobody reads any more', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamCommand(shell('yes'))) {
    chunks.push(chunk);
    break;
  }
  expect(chunks.length).toBe(1);
});

test('describes an exit by the command and its last words', () => {
  const stderr = Array.from({ length: 9 }, (_value, index) => `line ${index}`).join('\n');
  expect(describeExit({ program: 'p', args: ['a', 'b'] }, { exitCode: 2, stdout: '', stderr })).toBe(
    'p a b exited with 2: line 4 | line 5 | line 6 | line 7 | line 8',
  );
});
