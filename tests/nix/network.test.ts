import { mkdtempSync, writeFileSync } from 'node:fs';
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
    const file = join(mkdtempSync(join(tmpdir(), 'nft-')), 'rules.nft');
    writeFileSync(file, config.networking.nftables.ruleset);
    const list = 'nft --json list set inet runner_containers host_services';
    const { stdout } = await execa('unshare', [
      '--net',
      'sh',
      '-ec',
      `nft -f ${file}; nft -f ${file}; ${list}`,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      nftables: [{}, { set: { name: 'host_services', elem: [{ concat: ['tcp', 5000] }] } }],
    });
  },
);
