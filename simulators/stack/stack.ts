import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GithubSimulator } from '../github/simulator-api.js';
import { startGithubSimulator } from '../github/simulator.js';
import { createHost, type Host, type HostOptions } from './host.js';
import { startTemporalServer, type TemporalServer } from './temporal-server.js';

export interface StackOptions {
  hosts: (Pick<HostOptions, 'name' | 'labels'> & { env?: Record<string, string> })[];
  /** Delays of the simulated containers, as NIXOS_CONTAINER_SIM_DELAYS has them. */
  delays: string;
  /** With Temporal's Web UI. */
  ui?: boolean;
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

/** Starts Temporal and GitHub and lays out the hosts. Workers start with `host.start()`. */
export async function startStack({ hosts, delays, ui = false }: StackOptions): Promise<Stack> {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-runner-pool-'));
  const token = `ghp_${randomBytes(18).toString('hex')}`;
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const temporal = await startTemporalServer({ logFile: join(directory, 'temporal.log'), ui });
  const github = await startGithubSimulator({ repository, tokens: [token] });
  const stack = hosts.map((host) =>
    createHost({
      ...host,
      delays,
      directory: join(directory, host.name),
      temporalAddress: temporal.address,
      githubUrl: github.url,
      repository,
      tokenFile,
    }),
  );
  return {
    directory,
    token,
    tokenFile,
    temporal,
    github,
    hosts: stack,
    stop: async () => {
      await Promise.all(stack.map((host) => host.stop()));
      await Promise.all(stack.map((host) => host.destroy()));
      await github.close();
      await temporal.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
