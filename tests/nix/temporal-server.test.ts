import { describe, expect } from '@jest/globals';
import { evaluate, nixTest } from './nix.js';

const server = (settings = '') => `{ services.runner-temporal-server = { enable = true; ${settings} }; }`;

describe('the Temporal server module', () => {
  nixTest('lib', 'sets the schema up before the server, and makes the namespace after it', async () => {
    const { config, faults } = await evaluate('temporal-server', server());
    expect(faults).toEqual([]);
    const order = ['temporal-database', 'temporal-schema', 'temporal', 'temporal-namespace', 'temporal-ui'];
    expect(order.map((name) => [name, config.systemd.services[name]?.after])).toEqual([
      ['temporal-database', ['postgresql.target']],
      ['temporal-schema', ['temporal-database.service']],
      ['temporal', ['temporal-schema.service', 'network-online.target']],
      ['temporal-namespace', ['temporal.service']],
      ['temporal-ui', ['temporal.service']],
    ]);
    expect(config.networking.firewall.allowedTCPPorts).toEqual([]);
  });

  nixTest('lib', 'opens its port on the private interface only', async () => {
    const { config, faults } = await evaluate(
      'temporal-server',
      server('address = "10.100.0.1"; privateInterface = "wg0";'),
    );
    expect(faults).toEqual([]);
    expect(config.networking.firewall).toMatchObject({
      allowedTCPPorts: [],
      interfaces: { wg0: { allowedTCPPorts: [7233] } },
    });
  });

  nixTest('lib', 'refuses an address that strangers reach without certificates', async () => {
    const { faults } = await evaluate('temporal-server', server('address = "192.0.2.1";'));
    expect(faults).toEqual([expect.stringMatching(/is not loopback: name the WireGuard interface/)]);
  });

  nixTest('lib', 'refuses TLS by halves', async () => {
    const { faults } = await evaluate('temporal-server', server('tls.certificateFile = "/run/c.pem";'));
    expect(faults).toEqual([
      expect.stringMatching(/needs certificateFile, keyFile, clientCaFile and serverName/),
    ]);
  });
});
