import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { execa } from 'execa';

export const repository = join(import.meta.dirname, '../..');
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const candidates = [
  ...(process.env['PATH'] ?? '').split(':').map((directory) => join(directory, 'just')),
  join(cache, 'cdk-runner-pool/just-1.59.0/just'),
];
const program = candidates.find((path) => existsSync(path));

export interface Call {
  program: string;
  args: string[];
  stdin?: string;
}

/**
 * Runs recipes with stubs for the programs that would leave this machine, and returns what they were called with.
 * `answers`: exit codes other than 0 for command lines that match a regular expression. Without `stubs` those programs
 * are missing.
 */
export async function just(
  args: string[],
  {
    input = '',
    answers = {},
    cwd = repository,
    stubs = true,
  }: { input?: string; answers?: Record<string, number>; cwd?: string; stubs?: boolean } = {},
): Promise<{ exitCode: number; output: string; calls: Call[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'just-'));
  const file = join(directory, 'calls');
  const { exitCode, all } = await execa(program ?? 'just', args, {
    cwd,
    input,
    all: true,
    reject: false,
    env: {
      PATH: `${stubs ? join(import.meta.dirname, 'stubs') : ''}:${process.env['PATH']}`,
      HOME: '/home/operator',
      CALLS: file,
      ANSWERS: JSON.stringify(answers),
      HEALTH_ATTEMPTS: '2',
      HEALTH_INTERVAL: '0',
    },
  });
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  rmSync(directory, { recursive: true });
  return { exitCode: exitCode ?? -1, output: all, calls: lines.map((line) => JSON.parse(line) as Call) };
}

/** A test that needs `just`: where there is none it is skipped, and its title says why. */
export function justTest(title: string, body: () => Promise<void>): void {
  if (program !== undefined) test(title, body, 30_000);
  else test.skip(`${title} [did not run: no just on PATH; tests/just/install-just gets one]`, body);
}
