import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { createContainerActivities } from '../../activities/containers.js';
import { createRunnerEventActivities } from '../../activities/runner-events.js';
import { handOver } from '../../activities/runtime-dir.js';
import type { RunnerEventName } from '../../workflows/model.js';
import { containerSystem } from './inside.js';

export const runtimeDir = '/run/runner-controller';
export const confDir = '/etc/nixos-containers';
export const rootDir = '/var/lib/nixos-containers';
export const nixosContainer = '/usr/local/bin/nixos-container';
/** As the NixOS module sets them: what Docker needs. */
export const extraNspawnFlags = ['--system-call-filter=@keyring', '--system-call-filter=bpf'];

/** As the NixOS module sets it. */
export const outBytes = 2 ** 20;

const containers = createContainerActivities({
  nixosContainer,
  runtimeDir,
  confDir,
  rootDir,
  privateUsers: 'pick',
  extraNspawnFlags,
  outBytes,
  commandTimeouts: { stopBeforeDestroyMs: 3_000 },
});
const events = createRunnerEventActivities({ runtimeDir });

/** Runs work as an activity, and cancels it after a minute. */
async function activity<T>(work: () => Promise<T>): Promise<T> {
  const environment = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('WARN') });
  const limit = setTimeout(() => environment.cancel(), 60_000);
  try {
    return await environment.run<[], T, () => Promise<T>>(work);
  } finally {
    clearTimeout(limit);
  }
}

export interface Shown {
  exitCode: number | undefined;
  /** stdout and stderr together. */
  output: string;
}

/** A real container, driven by the product's own activities. */
export class Container {
  readonly name = `${randomBytes(3).toString('hex').slice(0, 5)}-r0`;
  readonly root = `${rootDir}/${this.name}`;
  readonly out = `${runtimeDir}/${this.name}/out`;

  create = () => activity(() => containers.createContainer({ name: this.name, system: containerSystem() }));
  start = () => activity(() => containers.startContainer({ name: this.name, bootTimeoutMs: 60_000 }));
  stop = () => activity(() => containers.stopContainer({ name: this.name }));
  destroy = () => activity(() => containers.destroyContainer({ name: this.name, reason: 'test' }));
  handOver = (jitConfig: string) => handOver(runtimeDir, this.name, jitConfig);
  read = () => activity(() => events.readRunnerEvents({ name: this.name }));
  event = (...until: RunnerEventName[]) =>
    activity(() => events.awaitRunnerEvent({ name: this.name, until }));

  /** As the runner's user, which every job is. */
  asRunner = (script: string) => this.run(script, ['--uid=github-runner', '--working-directory=/tmp']);
  /** As root in the container, which every job can become through Docker. */
  asRoot = (script: string) => this.run(script, []);

  private async run(script: string, options: string[]): Promise<Shown> {
    // systemd expands variables in command lines; this one is the shell's alone.
    const literal = script.replaceAll('$', '$$$$');
    const path = '/run/current-system/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
    const transient = [
      '--quiet',
      `--machine=${this.name}`,
      '--pipe',
      '--wait',
      '--collect',
      `--setenv=PATH=${path}`,
    ];
    const result = await execa(
      'systemd-run',
      [...transient, '--setenv=NIX_REMOTE=daemon', ...options, 'bash', '-c', literal],
      {
        reject: false,
        all: true,
        stdin: 'ignore',
        timeout: 60_000,
      },
    );
    return { exitCode: result.exitCode, output: result.all };
  }
}

/** One that has booted. */
export async function startedContainer(): Promise<Container> {
  const container = new Container();
  await container.create();
  await container.start();
  return container;
}
