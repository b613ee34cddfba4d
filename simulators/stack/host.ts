import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectFolder } from './project-folder.js';
import { startService, type Service } from './service.js';

export interface HostOptions {
  /** Host name, e.g. `cdk-runner-01`. */
  name: string;
  labels: string[];
  /** Everything of this host lies below it. */
  directory: string;
  temporalAddress: string;
  githubUrl: string;
  repository: string;
  tokenFile: string;
  /** Delays of the simulated containers, as NIXOS_CONTAINER_SIM_DELAYS has them. */
  delays: string;
  /** Further variables of the worker. */
  env?: Record<string, string>;
}

/** What a host still holds, a name each. */
export interface Left {
  containers: string[];
  files: string[];
}

/** A simulated host with a real worker process. */
export interface Host {
  readonly name: string;
  readonly directory: string;
  readonly env: Record<string, string>;
  /** Where the worker answers; changes with each start. */
  statusUrl(): string;
  worker(): Service;
  /** Starts the worker (again) and waits until it says that it is ready. */
  start(changes?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
  left(): Promise<Left>;
  /** Ends what still runs in the simulated containers. */
  destroy(): Promise<void>;
}

const program = (...path: string[]) => join(projectFolder(), ...path);

/** Lays out a host's directories; the worker starts with `start()`. */
export function createHost(options: HostOptions): Host {
  const { directory, name } = options;
  const dir = (sub: string) => join(directory, sub);
  for (const sub of ['run', 'conf', 'root', 'log', 'sim', 'system'])
    mkdirSync(dir(sub), { recursive: true, mode: 0o700 });
  writeFileSync(join(dir('system'), 'init'), '', { mode: 0o755 });
  const env = {
    TEMPORAL_ADDRESS: options.temporalAddress,
    GITHUB_REPO: options.repository,
    GITHUB_TOKEN_FILE: options.tokenFile,
    GITHUB_API_URL: options.githubUrl,
    RUNNER_HOST: name,
    RUNNER_LABELS: options.labels.join(),
    CONTAINER_SYSTEM: dir('system'),
    NIXOS_CONTAINER: program('simulators', 'nixos-container', 'nixos-container'),
    RUNTIME_DIR: dir('run'),
    CONTAINER_CONF_DIR: dir('conf'),
    CONTAINER_ROOT_DIR: dir('root'),
    STATE_DIR: directory,
    LOG_DIR: dir('log'),
    PRIVATE_USERS: 'no',
    MIN_FREE_DISK: '0',
    HTTP_PORT: '0',
    POLL_INTERVAL: '1',
    NIXOS_CONTAINER_SIM_DIR: dir('sim'),
    NIXOS_CONTAINER_SIM_DELAYS: options.delays,
    ...options.env,
  };
  let service: Service | undefined;
  let status = '';

  async function start(changes: Record<string, string> = {}): Promise<void> {
    Object.assign(env, changes);
    status = await new Promise<string>((resolve, reject) => {
      service = startService({
        name: `the worker of ${name}`,
        program: process.execPath,
        args: ['--enable-source-maps', program('dist', 'workers', 'main.js')],
        env,
        logFile: join(directory, 'worker.log'),
        onLine: (line) => {
          const url = readyAddress(line);
          if (url) resolve(url);
        },
      });
      void service.ended.then((sentence) => reject(new Error(sentence)));
    });
  }

  async function leftovers(...args: string[]) {
    const { stdout } = await execa(program('simulators', 'nixos-container', 'leftovers'), args, {
      env,
      reject: false,
    });
    return JSON.parse(stdout) as {
      processes: unknown[];
      confs: string[];
      roots: string[];
      profiles: string[];
    };
  }

  return {
    name,
    directory,
    env,
    start,
    statusUrl: () => status,
    worker: () => {
      if (!service) throw new Error(`the worker of ${name} has not been started`);
      return service;
    },
    stop: async () => await service?.stop(),
    left: async () => {
      const { confs, roots, profiles, processes } = await leftovers();
      const containers = [...new Set([...confs, ...roots, ...profiles, ...processes.map(String)])];
      return { containers, files: readdirSync(dir('run')) };
    },
    destroy: async () => void (await leftovers('--stop')),
  };
}

function readyAddress(line: string): string | null {
  if (!line.includes('runner-controller is ready')) return null;
  return (JSON.parse(line) as { status: string }).status;
}
