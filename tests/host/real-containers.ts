import { copyFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Host, HostOptions } from '../../simulators/stack/host.js';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import type { Service } from '../../simulators/stack/service.js';
import { offer, reach, type Bridge } from './bridge.js';

/** Where a simulated GitHub has to say that it is: give it as `publicUrl`. Containers reach it through NAT. */
export const githubOnTheInternet = 'http://203.0.113.10';

/** The worker's settings on a test host that do not depend on the pool. */
const onTestHost = {
  TEMPORAL_ADDRESS: '127.0.0.1:17233',
  GITHUB_API_URL: githubOnTheInternet,
  GITHUB_TOKEN_FILE: '/run/bridge/token',
  NIXOS_CONTAINER: '/usr/local/bin/nixos-container',
  EXTRA_NSPAWN_FLAGS: '--system-call-filter=@keyring --system-call-filter=bpf',
  MIN_FREE_DISK: '0',
  OUT_SIZE: `${2 ** 20}`,
  HTTP_PORT: '18080',
  POLL_INTERVAL: '1',
};

export interface RealHostOptions extends Omit<HostOptions, 'delays' | 'githubUrl'> {
  /** Port of this machine's loopback where the simulated GitHub listens. */
  githubPort: number;
}

/** A host with real containers: a test host with the worker as its unit `runner-controller`. */
export interface RealHost extends Host {
  /** Runs a shell script in the test host; its output. */
  run(script: string): Promise<string>;
}

/** Boots a test host, which takes 3 s, and 3 minutes more the very first time. Needs root on Debian. */
export async function createRealHost(options: RealHostOptions): Promise<RealHost> {
  const { name, directory } = options;
  const testHost = join(projectFolder(), 'tests', 'host', 'test-host');
  const onHost = { env: { TEST_HOST: name }, cwd: projectFolder() };
  const state = `/var/lib/cdk-test-host/${name}`;
  const bridges: Bridge[] = [];

  const run = async (script: string) => (await execa(testHost, ['exec', 'sh', '-c', script], onHost)).stdout;

  await execa(testHost, ['up'], { ...onHost, stdio: ['ignore', 'ignore', 'pipe'] });
  await copyFile(options.tokenFile, join(state, 'bridge', 'token'));
  bridges.push(
    await offer(join(state, 'bridge', 'temporal'), Number(options.temporalAddress.split(':').at(-1))),
  );
  bridges.push(await offer(join(state, 'bridge', 'github'), options.githubPort));
  const status = await reach(join(state, 'bridge', 'status'));
  bridges.push(status);

  const env: Record<string, string> = {
    ...onTestHost,
    GITHUB_REPO: options.repository,
    RUNNER_HOST: name,
    RUNNER_LABELS: options.labels.join(),
    CONTAINER_SYSTEM: await run('readlink /run/container-system'),
    ...options.env,
  };
  let service: Service | undefined;

  async function start(changes: Record<string, string> = {}): Promise<void> {
    Object.assign(env, changes);
    const settings = Object.entries(env).map(([key, value]) => `--setenv=${key}=${value}`);
    const unit = ['--unit=runner-controller', '--collect', '--quiet', '--wait', '--pipe', ...settings];
    const program = ['node', '--enable-source-maps', join(projectFolder(), 'dist', 'workers', 'main.js')];
    const child = execa(testHost, ['exec', 'systemd-run', ...unit, ...program], {
      ...onHost,
      stdin: 'ignore',
      buffer: false,
      reject: false,
      all: true,
    });
    const logFile = join(directory, 'worker.log');
    child.all.pipe(createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
    const ended = child.then(
      ({ exitCode }) => `the worker of ${name} ended (exit code ${exitCode}), see ${logFile}`,
    );
    const end = async (command: string) => {
      await run(`systemctl ${command} runner-controller 2>/dev/null || true`);
      await ended;
    };
    service = { pid: child.pid ?? 0, ended, stop: () => end('stop'), kill: () => end('kill --signal=KILL') };
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.all }).on('line', (line) => {
        if (line.includes('runner-controller is ready')) resolve();
      });
      void ended.then((sentence) => reject(new Error(sentence)));
    });
  }

  return {
    name,
    directory,
    env,
    run,
    start,
    statusUrl: () => `http://127.0.0.1:${status.port}/status`,
    worker: () => {
      if (!service) throw new Error(`the worker of ${name} has not been started`);
      return service;
    },
    stop: async () => await service?.stop(),
    left: async () => {
      const [containers, files] = await Promise.all([
        run(listContainers),
        run('ls -A /run/runner-controller'),
      ]);
      return { containers: namesOf(containers), files: namesOf(files) };
    },
    destroy: async () => {
      bridges.forEach((bridge) => bridge.close());
      await execa(testHost, ['down'], onHost);
    },
  };
}

/** All that a container consists of: conf, root, profile, machine, network link, cgroup, unit, mounts. */
const listContainers = `{ ls /etc/nixos-containers | sed 's/[.]conf$//'; ls -A /var/lib/nixos-containers | sed 's/^[.]#\\(.*\\)[.]lck$/\\1/'
  ls /nix/var/nix/profiles/per-container; ls /nix/var/nix/gcroots/per-container
  ls /run/systemd/nspawn/propagate; ls /run/systemd/nspawn/unix-export
  systemctl list-units --all --plain --no-legend 'container@*' | sed 's/^container@\\(.*\\)[.]service .*/\\1/'
  sed -n 's#.* /run/runner-controller/\\([^/ ]*\\).*#\\1#p' /proc/self/mountinfo | grep -v '^$'
  machinectl list --no-legend | cut -d' ' -f1; ls /sys/class/net | sed -n 's/^ve-//p'
  ls /sys/fs/cgroup/machine.slice | sed -n 's/^container@\\(.*\\)[.]service$/\\1/p'; } 2>/dev/null | sort -u`;

const namesOf = (lines: string) => lines.split('\n').filter(Boolean);
