import { readdir } from 'node:fs/promises';
import { describeExit, runCommand } from '../../activities/run-command.js';
import { errorCode } from '../../activities/runtime-dir.js';
import type { HostConfig } from '../../workers/config.js';
import { slotOf } from '../../workflows/policy/names.js';
import { CommandError } from './command.js';

const listTimeoutMs = 30_000;

/**
 * Names of all containers of a pool on this machine, whatever is left of them: what nixos-container lists, and
 * directories that it has forgotten. Error: CommandError when it can't be found out; never a list that is too short.
 */
export async function listOwnContainers({
  nixosContainer,
  runtimeDir,
  rootDir,
}: HostConfig): Promise<string[]> {
  const command = { program: nixosContainer, args: ['list'], timeoutMs: listTimeoutMs };
  const listed = await runCommand(command);
  if (listed.exitCode !== 0) throw new CommandError(describeExit(command, listed));
  const names = [...listed.stdout.split('\n'), ...(await namesIn(runtimeDir)), ...(await namesIn(rootDir))];
  return [...new Set(names)].filter((name) => slotOf(name) !== null).sort();
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    // Made with the first container.
    if (errorCode(error) === 'ENOENT') return [];
    throw new CommandError(`${directory} can't be read (${errorCode(error)}): run this as root.`, {
      cause: error,
    });
  }
}
