import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../workflows/failures.js';
import { assertContainerName, type RuntimePaths } from './runtime-dir.js';

/** How a container is run, besides what nixos-container itself decides. */
export interface NspawnSettings {
  /** `pick`: its own range of user ids, its root is nobody on the host. `no`: its root is the host's root. */
  privateUsers: 'pick' | 'no';
  /** Further arguments of systemd-nspawn, one option each. */
  extraNspawnFlags: readonly string[];
}

/** The environment file of a container's unit. It exists exactly as long as nixos-container knows the container. */
export function confPath(confDir: string, name: string): string {
  assertContainerName(name);
  return join(confDir, `${name}.conf`);
}

/** What a conf is written as, until it is whole; without .conf at its end, which would make it a container. */
export function unfinishedConf(path: string): string {
  return `${path}.unfinished`;
}

/** Adds our settings to what `create` wrote there, in one step. */
export async function extendConf(
  path: string,
  runtime: RuntimePaths,
  settings: NspawnSettings,
): Promise<void> {
  const flags = [...mountFlags(runtime, settings.privateUsers), ...settings.extraNspawnFlags];
  const added = [`PRIVATE_USERS=${settings.privateUsers}`, `EXTRA_NSPAWN_FLAGS="${flags.join(' ')}"`];
  const before = await readFile(path, 'utf8');
  const separator = before === '' || before.endsWith('\n') ? '' : '\n';
  const unfinished = unfinishedConf(path);
  await writeFile(unfinished, `${before}${separator}${added.join('\n')}\n`);
  await rename(unfinished, path);
}

/**
 * Error: ConfigInvalid. The unit splits EXTRA_NSPAWN_FLAGS at spaces and systemd reads quotes, `$` and backslashes
 * in it, so a flag or path with one of those would become something else.
 */
export function assertPlain(values: readonly string[]): void {
  const odd = values.find((value) => !/^[\w\-./:=,@+%~]+$/.test(value));
  if (odd === undefined) return;
  throw failure(
    'ConfigInvalid',
    `${JSON.stringify(odd)} can't be an argument of systemd-nspawn: give one plain word.`,
  );
}

function mountFlags(runtime: RuntimePaths, privateUsers: 'pick' | 'no'): string[] {
  // With idmap the ids on both sides are the same: what container root writes belongs to the host's root.
  const option = privateUsers === 'pick' ? ':idmap' : '';
  return [
    `--bind-ro=${runtime.in}:/run/runner/in${option}`,
    `--bind=${runtime.out}:/run/runner/out${option}`,
  ];
}
