import { join } from 'node:path';
import { test } from '@jest/globals';
import { execa } from 'execa';

/** A program of this folder. */
export const program = (name: string) => join(import.meta.dirname, name);

/** Runs a shell command with a Temporal server behind it and returns what it printed. */
export async function withServer(args: string[], command: string): Promise<string> {
  const { stdout } = await execa(args[0] ?? '', [
    ...args.slice(1),
    'bash',
    '-euo',
    'pipefail',
    '-c',
    command,
  ]);
  return stdout;
}

/** A test that needs root, PostgreSQL and minutes the first time: it runs when POSTGRES_TESTS is set, else its title says so. */
export function postgresTest(title: string, body: () => Promise<void>): void {
  if (process.env['POSTGRES_TESTS'] !== undefined) test(title, body, 900_000);
  else test.skip(`${title} [did not run: POSTGRES_TESTS is not set]`, body);
}
