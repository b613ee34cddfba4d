import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Server } from 'node:net';
import { careless, connect, hostAddress, internet, offLimits, withoutRules } from '../attack.js';
import { startedContainer, type Container } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(60_000);

/** The status endpoint, Temporal and sshd. */
const hostPorts = [8080, 7233, 22];

describeOnTestHost('the network of a container', () => {
  let attacker: Container;
  let other: Container;
  let services: Server[];
  beforeAll(async () => {
    services = await Promise.all(hostPorts.map(careless));
    [attacker, other] = await Promise.all([startedContainer(), startedContainer()]);
  });
  afterAll(async () => {
    services.forEach((service) => service.close());
    await Promise.all([attacker.destroy(), other.destroy()]);
  });

  const both = async (script: string) => [
    (await attacker.asRunner(script)).output,
    (await attacker.asRoot(script)).output,
  ];
  const refused = expect.stringMatching(/^not reached$/m) as unknown as string;

  it('leads to the internet, behind the address of the host', async () => {
    const reached = 'reached from 198.51.100.2';
    expect(await both(connect(internet.v4, internet.port))).toEqual([reached, reached]);
  });

  it('has DNS', async () => {
    expect(await both('getent ahostsv4 github.example | head -1')).toEqual([
      expect.stringContaining(internet.v4),
      expect.stringContaining(internet.v4),
    ]);
  });

  it.each(offLimits)('does not lead to %s', async (address) => {
    expect(await both(connect(address, internet.port))).toEqual([refused, refused]);
  });

  it('would lead there without the rules', async () => {
    const reached = await withoutRules(() =>
      Promise.all(offLimits.map((address) => attacker.asRunner(connect(address, internet.port)))),
    );
    expect(reached.map(({ output }) => output)).toEqual(offLimits.map(() => 'reached from 198.51.100.2'));
  });

  it.each(hostPorts)('does not lead to port %i of the host, on any of its addresses', async (port) => {
    const link = `ve-${attacker.name}`;
    const addresses = [
      await hostAddress(link, 'inet'),
      await hostAddress('uplink', 'inet'),
      await hostAddress(`ve-${other.name}`, 'inet'),
      `${await hostAddress(link, 'inet6')}%eth0`,
    ];
    for (const address of addresses) {
      expect(await both(connect(address, port))).toEqual([refused, refused]);
    }
  });

  it('would lead to the host without the rules', async () => {
    const address = await hostAddress(`ve-${attacker.name}`, 'inet');
    const { output } = await withoutRules(() => attacker.asRunner(connect(address, 8080)));
    expect(output).toBe('reached the host');
  });

  it('does not lead to another container, nor from there', async () => {
    const address = (await other.asRoot("ip -4 -o address show eth0 | grep -o '10.233.[0-9.]*' | head -1"))
      .output;
    const serve = other.asRoot(`echo reached a container | timeout 20 nc -l -s ${address} -p 9999 -q 1`);
    await other.asRoot('until ss -ltn | grep -q :9999; do sleep 0.05; done');
    expect(await both(connect(address, 9999))).toEqual([refused, refused]);
    const { output } = await withoutRules(() => attacker.asRunner(connect(address, 9999)));
    expect(output).toBe('reached a container');
    await serve;
  });

  it('takes no answers for an address that container root gives itself', async () => {
    const spoof = 'ip address add 10.233.250.2/32 dev eth0';
    const { output } = await attacker.asRoot(
      `${spoof}; timeout 3 nc -s 10.233.250.2 -w 2 ${internet.v4} 7777 2>&1 || echo "not reached"`,
    );
    expect(output).toEqual(refused);
  });

  it('has no IPv6 way out, not even one that container root makes', async () => {
    const gateway = await hostAddress(`ve-${attacker.name}`, 'inet6');
    const make = `ip -6 address add fd00:1::2/64 dev eth0 nodad; ip -6 route add default via ${gateway} dev eth0`;
    for (const address of ['fd00::9', '2002:a09:909::9', internet.v6]) {
      const { output } = await attacker.asRoot(`${make} 2>/dev/null; ${connect(address, internet.port)}`);
      expect(output).toEqual(refused);
    }
  });
});
