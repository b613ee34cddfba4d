import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { execa } from 'execa';

/** Where the stand-in internet has services; port 7777 answers on each. */
export const internet = { v4: '203.0.113.10', v6: '2001:db8:2::10', port: 7777 };

/** Private and reserved addresses behind the uplink that do answer, were a container let through. */
export const offLimits = ['10.9.9.9', '172.16.9.9', '192.168.9.9', '169.254.169.254', '100.64.9.9'];

/** A shell command that prints `reached …` when a TCP service answers, and how it was refused otherwise. */
export const connect = (address: string, port: number) =>
  `timeout 3 nc -w 2 ${address} ${port} </dev/null 2>&1 || echo "not reached"`;

/** Listens on every address of the host, as a careless service would. */
export async function careless(port: number): Promise<Server> {
  const server = createServer((socket) => socket.end('reached the host\n'));
  server.listen(port, '::');
  await once(server, 'listening');
  return server;
}

/** Runs `work` with the rules off, to show that it is they that keep attacks out. */
export async function withoutRules<T>(work: () => Promise<T>): Promise<T> {
  await execa('systemctl', ['stop', 'runner-network.service']);
  // A hole must still be usable: without translation nothing outside answers a container.
  await execa('nft', ['-f', '-'], {
    input:
      'table ip test { chain c { type nat hook postrouting priority srcnat; oifname "uplink" masquerade; }; }',
  });
  try {
    return await work();
  } finally {
    await execa('nft', ['delete', 'table', 'ip', 'test']);
    await execa('systemctl', ['start', 'runner-network.service']);
  }
}

/** The address of a network interface of the host. */
export async function hostAddress(device: string, family: 'inet' | 'inet6'): Promise<string> {
  const { stdout } = await execa('ip', ['-json', 'address', 'show', 'dev', device]);
  const [link] = JSON.parse(stdout) as { addr_info: { family: string; local: string }[] }[];
  const address = link?.addr_info.find((info) => info.family === family);
  if (!address) throw new Error(`${device} has no ${family} address`);
  return address.local;
}
