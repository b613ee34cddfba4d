import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { evaluateFile, nixpkgsLib, nixTest, standIn } from './nix.js';

const repository = join(import.meta.dirname, '../..');
const systems = ['aarch64-linux', 'x86_64-linux'];

describe('the flake', () => {
  nixTest(
    'lib',
    'has packages, modules, hosts, checks, a shell and a formatter for both platforms',
    async () => {
      const found = (await evaluateFile(standIn('flake.nix'), [
        ...['--arg', 'lib', nixpkgsLib],
        ...['--arg', 'flake', join(repository, 'flake.nix')],
      ])) as Record<string, Record<string, unknown>>;
      const each = (value: unknown) => Object.fromEntries(systems.map((system) => [system, value]));
      const checks = ['deadnix', 'just', 'nixfmt', 'package', 'runner-host', 'temporal-server'];
      const modules = [
        ...['container', 'controller', 'default', 'monitoring'],
        ...['network', 'temporal-server', 'wireguard'],
      ];
      expect(found).toEqual({
        packages: each(['default']),
        nixosModules: modules,
        modulesThatAreThere: modules,
        checks: {
          'aarch64-linux': checks,
          'x86_64-linux': [...checks, 'host-cdk-runner-01', 'host-cdk-runner-02', 'one-job'].sort(),
        },
        shell: each([
          ...['agenix', 'deadnix', 'just', 'nixfmt', 'nixos-rebuild', 'nodejs_24'],
          ...['shellcheck', 'shfmt', 'temporal-cli'],
        ]),
        formatter: each('nixfmt-tree'),
        hosts: {
          'cdk-runner-01': { hostName: 'cdk-runner-01', faults: [] },
          'cdk-runner-02': { hostName: 'cdk-runner-02', faults: [] },
        },
      });
    },
  );
});

describe('the package', () => {
  const evaluate = (root: string) =>
    evaluateFile(standIn('package.nix'), [
      ...['--arg', 'lib', nixpkgsLib],
      ...['--arg', 'package', join(root, 'nix/package.nix')],
    ]);

  /** A copy of the repository's package files, whose lock file has addresses or has not. */
  function checkout(addressed: boolean): string {
    const root = join(mkdtempSync(join(tmpdir(), 'package-')), 'checkout');
    mkdirSync(join(root, 'nix'), { recursive: true });
    for (const file of ['package.json', 'nix/package.nix']) cpSync(join(repository, file), join(root, file));
    const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string; inBundle?: boolean }>;
    };
    for (const [path, entry] of Object.entries(lock.packages)) {
      delete entry.resolved;
      if (addressed && path !== '' && !entry.inBundle)
        entry.resolved = `https://registry.example/${path}.tgz`;
    }
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
    return root;
  }

  nixTest('lib', 'is built from the lock file and the sources, without the tests', async () => {
    const built = (await evaluate(checkout(true))) as { src: string[] };
    expect(built).toEqual({
      pname: 'cdk-runner-pool',
      src: built.src,
      npmFlags: ['--ignore-scripts'],
      npmDeps: 'the packages of checkout/package-lock.json',
      npmConfigHook: 'its hook',
    });
    expect(built.src.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    expect(built.src).not.toContain('tests');
  });

  nixTest('lib', 'without addresses in the lock file tells which command writes them', async () => {
    await expect(evaluate(checkout(false))).rejects.toThrow(/no download addresses.*run `just lock`/);
  });
});
