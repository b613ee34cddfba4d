import { join } from 'node:path';
import { execa } from 'execa';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import type { Host } from '../../simulators/stack/host.js';

export interface Ended {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a built command with nothing in its environment but what is given. */
export async function run(env: Record<string, string>, command: string, ...args: string[]): Promise<Ended> {
  const { exitCode, stdout, stderr } = await start(env, command, ...args);
  return { exitCode, stdout, stderr };
}

/** As {@link run}, for a test that does something meanwhile. */
export function start(env: Record<string, string>, command: string, ...args: string[]) {
  const { PATH = '/usr/bin:/bin' } = process.env;
  return execa(join(projectFolder(), 'dist', 'scripts', `${command}.js`), args, {
    env: { PATH, ...env },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: 120_000,
  });
}

/** The variables that drain, resume, status and history need on a host: where Temporal is, and whose pool is meant. */
export function temporalOnly({ env, name }: Host): Record<string, string> {
  return { TEMPORAL_ADDRESS: env['TEMPORAL_ADDRESS'] ?? '', RUNNER_HOST: name };
}

/** What a command printed with --json. */
export function json<T>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`no JSON: ${stdout} ${stderr}`);
  }
}
