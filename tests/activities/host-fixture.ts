import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runtimePaths } from '../../activities/runtime-dir.js';

const simulator = resolve('simulators/nixos-container');

export type Host = Awaited<ReturnType<typeof makeHost>>;

/** A host of its own for one test: the simulated nixos-container, with its directories in a temporary one. */
export async function makeHost() {
  const dir = await mkdtemp(join(tmpdir(), 'host-test-'));
  const paths = {
    runtimeDir: join(dir, 'runtime'),
    confDir: join(dir, 'conf'),
    rootDir: join(dir, 'roots'),
    nixosContainer: join(dir, 'nixos-container'),
    system: join(dir, 'system'),
  };
  const env = {
    NIXOS_CONTAINER_SIM_DIR: join(dir, 'sim'),
    CONTAINER_CONF_DIR: paths.confDir,
    CONTAINER_ROOT_DIR: paths.rootDir,
  };
  const setDelays = (delays: string) => {
    const variables = { ...env, NIXOS_CONTAINER_SIM_DELAYS: delays };
    const exports = Object.entries(variables).map(([key, value]) => `export ${key}='${value}'\n`);
    const script = `#!/bin/sh\n${exports.join('')}exec ${simulator}/nixos-container "$@"\n`;
    return writeFile(paths.nixosContainer, script, { mode: 0o755 });
  };
  await setDelays('');
  await mkdir(env.NIXOS_CONTAINER_SIM_DIR);
  await mkdir(paths.system);

  return {
    dir,
    ...paths,
    nixos: (...args: string[]) => execa(paths.nixosContainer, args),
    /** Seconds by the simulator's names, e.g. `create=0.2,start=1`. */
    setDelays,
    setFaults: (faults: { fault: string; container?: string; times?: number }[]) =>
      writeFile(join(env.NIXOS_CONTAINER_SIM_DIR, 'faults.json'), JSON.stringify(faults)),
    /** Resolves when systemd, so to speak, begins to start a container. */
    starting: async () => {
      const watcher = watch(join(env.NIXOS_CONTAINER_SIM_DIR, 'run'));
      await once(watcher, 'change');
      watcher.close();
    },
    /** What the simulator still has: processes, confs, roots, profiles. */
    leftovers: async () => (await execa(`${simulator}/leftovers`, { env, reject: false })).stdout,
    remove: async () => {
      await execa(`${simulator}/leftovers`, ['--stop'], { env, reject: false });
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The SDK's activity context, with what is logged in it. */
export function activityEnvironment() {
  const entries: LogEntry[] = [];
  const environment = new MockActivityEnvironment(undefined, {
    logger: new DefaultLogger('INFO', (entry) => entries.push(entry)),
  });
  /** Runs work in the context, with its type. */
  const run = <T>(work: () => Promise<T>) => environment.run<[], T, () => Promise<T>>(work);
  return { environment, run, logged: () => entries.map(({ level, message }) => `${level} ${message}`) };
}

/** Writes an event file as a container does: by rename. */
export async function report(
  runtimeDir: string,
  name: string,
  event: string,
  content: unknown,
): Promise<void> {
  const { out } = runtimePaths(runtimeDir, name);
  const unfinished = join(out, `.${event}.tmp`);
  await writeFile(unfinished, typeof content === 'string' ? content : JSON.stringify(content));
  await rename(unfinished, join(out, event));
}
