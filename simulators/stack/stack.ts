import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GithubSimulator, GithubSimulatorOptions } from '../github/simulator-api.js';
import { startGithubSimulator } from '../github/simulator.js';
import { freePort } from './free-port.js';
import { createHost, type Host, type HostOptions } from './host.js';
import { startTemporalServer, type TemporalServer } from './temporal-server.js';

export interface StackOptions {
  hosts: (Pick<HostOptions, 'name' | 'labels'> & { env?: Record<string, string> })[];
  /** Delays of the simulated containers, as NIXOS_CONTAINER_SIM_DELAYS has them. */
  delays: string;
  /** With Temporal's Web UI. */
  ui?: boolean;
  /** Who else than the token's owner GitHub knows, and which runner groups. */
  github?: Pick<GithubSimulatorOptions, 'app' | 'runnerGroups'>;
  /** Hosts of another kind than the simulated ones. */
  kind?: HostKind;
}

/** How hosts of some kind are made, and where they find GitHub. */
export interface HostKind {
  create(options: HostOptions & { githubPort: number }): Promise<Host>;
  /** What answers and JIT configurations name as GitHub's address. */
  githubUrl: string;
}

/** Everything that a pool needs, on this machine: Temporal, GitHub, and hosts with their workers. */
export interface Stack {
  readonly directory: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly temporal: TemporalServer;
  readonly github: GithubSimulator;
  readonly hosts: Host[];
  /** Stops it all, whatever state it is in, and removes its directory. */
  stop(): Promise<void>;
}

export const repository = 'cashubtc/cdk';
const usualLabels = ['self-hosted', 'ci', 'nix', 'x64', 'Linux'];

/** The two hosts that CDK has. */
export const cdkHosts = [
  { name: 'cdk-runner-01', labels: [...usualLabels, 'fuzz-a'] },
  { name: 'cdk-runner-02', labels: [...usualLabels, 'fuzz-b'] },
];

/** Starts Temporal and GitHub and lays out the hosts. Workers start with `host.start()`. What fails leaves nothing. */
export async function startStack({
  hosts,
  delays,
  ui = false,
  kind,
  github: more,
}: StackOptions): Promise<Stack> {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-runner-pool-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const token = `ghp_${randomBytes(18).toString('hex')}`;
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const temporal = await startTemporalServer({ logFile: join(directory, 'temporal.log'), ui });
    undo.push(temporal.stop);
    const githubPort = await freePort();
    const github = await startGithubSimulator({
      repository,
      tokens: [token],
      port: githubPort,
      publicUrl: kind?.githubUrl,
      ...more,
    });
    undo.push(() => github.close());
    const laidOut: Host[] = [];
    undo.push(() => Promise.all(laidOut.map((host) => host.destroy())));
    undo.push(() => Promise.all(laidOut.map((host) => host.stop())));
    for (const host of hosts) {
      const options: HostOptions = {
        ...host,
        delays,
        directory: join(directory, host.name),
        temporalAddress: temporal.address,
        githubUrl: github.url,
        repository,
        tokenFile,
      };
      laidOut.push(kind ? await kind.create({ ...options, githubPort }) : createHost(options));
    }
    return { directory, token, tokenFile, temporal, github, hosts: laidOut, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
