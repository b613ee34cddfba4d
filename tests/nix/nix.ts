import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { execa } from 'execa';

/** Folder of nixpkgs' lib; empty where there is none. */
export const nixpkgsLib = process.env['NIXPKGS_LIB'] ?? '';
const hasNix = spawnSync('nix-instantiate', ['--version']).status === 0;

/** Why a test of this folder can't run here, or undefined. */
const missing = {
  nix: hasNix ? undefined : 'nix-instantiate is not installed (Debian: nix-bin)',
  lib: !hasNix
    ? 'nix-instantiate is not installed (Debian: nix-bin)'
    : existsSync(join(nixpkgsLib, 'default.nix'))
      ? undefined
      : "NIXPKGS_LIB does not name the folder of nixpkgs' lib",
};

/** A test that needs Nix, or Nix and nixpkgs' lib: where they are missing it is skipped, and its title says why. */
export function nixTest(
  needs: keyof typeof missing,
  title: string,
  body: () => Promise<void>,
  timeoutMs = 60_000,
): void {
  const reason = missing[needs];
  if (reason === undefined) test(title, body, timeoutMs);
  else test.skip(`${title} [did not run: ${reason}]`, body);
}

// No store and no network: an evaluation here can only read files.
const environment = {
  NIX_REMOTE: 'dummy://',
  NIX_CONFIG: 'substitute = false',
};

/** The value that a file names cut to JSON. */
export async function evaluateFile(file: string, args: string[] = []): Promise<unknown> {
  const flags = ['--eval', '--readonly-mode', '--strict', '--json', ...args];
  const { stdout } = await execa('nix-instantiate', [...flags, file], { env: environment });
  return JSON.parse(stdout) as unknown;
}

/** Fails with Nix's message when a file is not Nix. */
export async function parse(file: string): Promise<void> {
  await execa('nix-instantiate', ['--parse', file], { env: environment });
}

export interface Unit {
  after: string[];
  path: string[];
  environment: Record<string, string>;
  serviceConfig: Record<string, unknown>;
  unitConfig: Record<string, unknown>;
  restartIfChanged: boolean;
  stopIfChanged: boolean;
  restartTriggers: string[];
}

export interface Evaluated {
  /** Messages of the assertions that failed. */
  faults: string[];
  config: {
    warnings: string[];
    systemd: {
      services: Record<string, Unit>;
      mounts: { what: string; where: string; options: string }[];
      slices: Record<string, { sliceConfig: Record<string, unknown> }>;
      packages: string[];
    };
    networking: {
      nftables: { ruleset: string; flushRuleset: boolean };
      firewall: { extraInputRules: string; interfaces: Record<string, unknown>; allowedTCPPorts: number[] };
      interfaces: Record<string, unknown>;
    };
    services: Record<string, Record<string, unknown>> & { 'runner-controller': Record<string, unknown> };
    nix: { settings: Record<string, unknown>; extraOptions: string };
    virtualisation: { docker: Record<string, unknown> };
  };
}

const here = import.meta.dirname;

/** A file that stands for something of nixpkgs. */
export const standIn = (file: string) => join(here, 'stand-ins', file);

const modules = {
  host: ['default.nix', 'monitoring.nix'],
  machine: ['default.nix', 'monitoring.nix', 'temporal-server', 'wireguard.nix'],
  inside: ['container/inside/default.nix'],
  'temporal-server': ['temporal-server/default.nix'],
};

/** Evaluates a set of modules with a configuration, which is Nix, against the stand-ins of NixOS. */
export async function evaluate(set: keyof typeof modules, configuration: string): Promise<Evaluated> {
  const settings = join(mkdtempSync(join(tmpdir(), 'nix-settings-')), 'settings.nix');
  writeFileSync(settings, configuration);
  const paths = modules[set].map((path) => JSON.stringify(join(here, '../../nix/modules', path)));
  return (await evaluateFile(standIn('evaluate.nix'), [
    ...['--arg', 'lib', nixpkgsLib],
    ...['--arg', 'modules', `[ ${paths.join(' ')} ]`],
    ...['--argstr', 'settings', settings],
  ])) as Evaluated;
}

/** The least that a runner host has to say, with more Nix added to it. */
export function hostWith(more = ''): string {
  return `{
    services.runner-controller = {
      enable = true;
      host = "cdk-runner-01";
      github.repository = "cashubtc/cdk";
      github.tokenFile = "/run/secrets/github-runner/token";
    };
    imports = [ { ${more} } ];
  }`;
}
