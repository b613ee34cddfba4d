import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { evaluate, evaluateFile, nixTest } from './nix.js';

const repository = join(import.meta.dirname, '../..');
const machine = (name: string) => `{ imports = [ (import ${repository}/nix/hosts).${name} ]; }`;

describe('the hosts', () => {
  for (const [name, label] of [
    ['cdk-runner-01', 'fuzz-a'],
    ['cdk-runner-02', 'fuzz-b'],
  ] as const) {
    nixTest('lib', `${name} has its pool, with the label ${label}`, async () => {
      const { faults, config } = await evaluate('machine', machine(name));
      expect(faults).toEqual([]);
      expect(config.systemd.services['runner-controller']?.environment).toMatchObject({
        RUNNER_HOST: name,
        RUNNER_LABELS: `self-hosted,ci,nix,x64,Linux,${label}`,
        GITHUB_REPO: 'cashubtc/cdk',
        MAX_CONCURRENT: '6',
        TEMPORAL_ADDRESS: '10.100.0.1:7233',
      });
      expect(config.nix.settings['trusted-users']).toEqual(['root', '@wheel']);
    });
  }

  nixTest('lib', 'only cdk-runner-01 runs Temporal, and only the private network reaches it', async () => {
    const servers = await Promise.all(
      ['cdk-runner-01', 'cdk-runner-02'].map(async (name) => {
        const { config } = await evaluate('machine', machine(name));
        return {
          name,
          runs: 'temporal' in config.systemd.services,
          firewall: config.networking.firewall.interfaces,
        };
      }),
    );
    expect(servers).toEqual([
      { name: 'cdk-runner-01', runs: true, firewall: { wg0: { allowedTCPPorts: [7233] } } },
      { name: 'cdk-runner-02', runs: false, firewall: {} },
    ]);
  });

  nixTest('lib', 'a machine whose peer has no key yet says what to do', async () => {
    const { config } = await evaluate('machine', machine('cdk-runner-02'));
    expect(config.warnings).toEqual([
      expect.stringMatching(/no public key yet of cdk-runner-01: .*just wireguard-key/),
    ]);
  });

  nixTest('nix', 'each secret can be decrypted by the administrators and both hosts', async () => {
    const secrets = (await evaluateFile(join(repository, 'secrets.nix'))) as Record<
      string,
      { publicKeys: string[] }
    >;
    expect(Object.entries(secrets).map(([file, { publicKeys }]) => [file, publicKeys.length])).toEqual([
      ['secrets/github-runner.age', 4],
    ]);
  });
});
