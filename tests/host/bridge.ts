import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, connect, type AddressInfo, type NetConnectOpts } from 'node:net';

/** A way between the machine's network and a test host's, by a socket file that both see. */
export interface Bridge {
  port: number;
  close(): void;
}

/** Leads what comes to the socket file to a port of this machine. */
export async function offer(path: string, port: number): Promise<Bridge> {
  await rm(path, { force: true });
  return await relay({ path }, { host: '127.0.0.1', port });
}

/** Leads what comes to a free port of this machine to the socket file. */
export async function reach(path: string): Promise<Bridge> {
  return await relay({ host: '127.0.0.1', port: 0 }, { path });
}

async function relay(
  from: { path: string } | { host: string; port: number },
  to: NetConnectOpts,
): Promise<Bridge> {
  // Half open: a side that has sent all may still be reading.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    near.pipe(far).pipe(near);
    // One end that breaks off takes the other with it.
    near.once('error', () => far.destroy()).once('close', () => far.destroy());
    far.once('error', () => near.destroy()).once('close', () => near.destroy());
  });
  server.listen(from);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return { port: typeof address === 'string' ? 0 : address.port, close: () => void server.close() };
}
