import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../files.js';

const programs = resolve('simulators/nixos-container');

/** The program's path, with which it begins most messages. */
export const program = join(programs, 'nixos-container');

export type SimHost = Awaited<ReturnType<typeof makeSimHost>>;

/** A host for one test, with directories of its own. */
export async function makeSimHost() {
  const dir = await mkdtemp(join(tmpdir(), 'sim-host-test-'));
  const sim = join(dir, 'sim');
  const system = join(dir, 'system');
  const confDir = join(dir, 'conf');
  const rootDir = join(dir, 'roots');
  await Promise.all([sim, system].map((path) => mkdir(path)));
  const env: Record<string, string> = {
    NIXOS_CONTAINER_SIM_DIR: sim,
    CONTAINER_CONF_DIR: confDir,
    CONTAINER_ROOT_DIR: rootDir,
  };
  const command = (file: string, args: string[]) =>
    execa(join(programs, file), args, { env, reject: false, all: true });
  const nixos = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await command('nixos-container', args);
    return { exitCode, stdout, stderr };
  };
  const runnerDir = (name: string) => join(dir, 'runtime', name);
  const event = async (name: string, which: string) => {
    await until(join(runnerDir(name), 'out'), () => existsSync(join(runnerDir(name), 'out', which)));
    return JSON.parse(await readFile(join(runnerDir(name), 'out', which), 'utf8')) as unknown;
  };

  return {
    dir,
    sim,
    system,
    confDir,
    rootDir,
    nixos,
    /** Starts the program and returns the process. */
    begin: (...args: string[]) => command('nixos-container', args),
    /** Seconds by name, e.g. `{ boot: 0.5 }`. */
    setDelays: (delays: Record<string, number>) => {
      env['NIXOS_CONTAINER_SIM_DELAYS'] = JSON.stringify(delays);
    },
    setEnv: (name: string, value: string) => {
      env[name] = value;
    },
    setFaults: (...faults: { fault: string; container?: string; times?: number; seconds?: number }[]) =>
      writeFile(join(sim, 'faults.json'), JSON.stringify(faults)),
    create: (name: string) => nixos('create', name, '--system-path', system),
    /** Creates a container with the two directories that a runner's host shares with it. */
    createRunner: async (name: string) => {
      const { exitCode, stderr } = await nixos('create', name, '--system-path', system);
      if (exitCode !== 0) throw new Error(stderr);
      const shared = runnerDir(name);
      await Promise.all(['in', 'out'].map((part) => mkdir(join(shared, part), { recursive: true })));
      const binds = `--bind-ro=${shared}/in:/run/runner/in:idmap --bind=${shared}/out:/run/runner/out:idmap`;
      await appendFile(join(confDir, `${name}.conf`), `EXTRA_NSPAWN_FLAGS="${binds}"\n`);
    },
    /** Hands the JIT configuration over as the host's worker does. */
    activate: async (name: string, jitconfig: string) => {
      const unfinished = join(runnerDir(name), 'jitconfig');
      await writeFile(unfinished, jitconfig, { mode: 0o400 });
      await rename(unfinished, join(runnerDir(name), 'in', 'jitconfig'));
    },
    /** The event's file, once there is one. */
    event,
    events: async (name: string) => (await readdir(join(runnerDir(name), 'out'))).sort(),
    /** What the container's journal would have. */
    log: (name: string) => readFile(join(rootDir, name, 'var/log/github-runner/runner.log'), 'utf8'),
    pid: async (name: string) => {
      const record = await readFile(join(sim, 'run', name), 'utf8');
      return Number(/^PID=(\d+)$/m.exec(record)?.[1]);
    },
    /** Resolves when the process has ended. */
    gone: (pid: number) => execa('tail', ['--pid', String(pid), '-s', '0.05', '-f', '/dev/null']),
    history: async () => {
      const text = await readFile(join(sim, 'history.jsonl'), 'utf8');
      const lines = text.trimEnd().split('\n');
      return lines.map(
        (line) => JSON.parse(line) as { command: string; container: string; exitCode: number },
      );
    },
    leftovers: async (...args: string[]) => {
      const { exitCode, stdout } = await command('leftovers', args);
      return { exitCode, left: JSON.parse(stdout) as Record<string, unknown[]> };
    },
    remove: async () => {
      await command('leftovers', ['--stop']);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
