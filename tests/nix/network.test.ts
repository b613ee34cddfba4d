import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { execa } from 'execa';
import { evaluate, hostWith, nixTest } from './nix.js';

nixTest(
  'lib',
  'the nftables rules of a host with an open port load, twice, and allow that port only',
  async () => {
    const { config } = await evaluate(
      'host',
      hostWith('services.runner-controller.network.hostServices = [ "tcp . 5000" ];'),
    );
    const directory = mkdtempSync(join(tmpdir(), 'nft-'));
    const file = join(directory, 'rules.nft');
    writeFileSync(file, config.networking.nftables.ruleset);
    const list = 'nft --json list set inet runner_containers host_services';
    const { stdout } = await execa('unshare', [
      '--net',
      'sh',
      '-ec',
      `nft -f ${file}; nft -f ${file}; ${list}`,
    ]);
    rmSync(directory, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({
      nftables: [{}, { set: { name: 'host_services', elem: [{ concat: ['tcp', 5000] }] } }],
    });
  },
);
