import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Path of the Temporal CLI: the one on PATH, else the one that `scripts/setup` has fetched. */
export function temporalCliPath(): string {
  return find('temporal', [...(process.env.PATH ?? '').split(delimiter), cacheDir()]);
}

/** Path of Temporal's time-skipping test server, fetched by `scripts/setup`. */
export function temporalTestServerPath(): string {
  return find('temporal-test-server', [cacheDir()]);
}

function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cdk-runner-pool', 'bin');
}

function find(program: string, directories: string[]): string {
  const found = directories.map((directory) => join(directory, program)).find(isExecutable);
  if (!found)
    throw new Error(
      `${program} is neither on PATH nor in ${cacheDir()}: run ./scripts/setup, which fetches it.`,
    );
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
