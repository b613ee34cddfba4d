import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from './free-port.js';
import { startService, type Service } from './service.js';
import { temporalCliPath } from './temporal-cli.js';

/** A Temporal dev server of our own, in memory. */
export interface TemporalServer {
  address: string;
  /** Address of the Web UI; null when it was started without. */
  ui: string | null;
  client: Client;
  service: Service;
  stop(): Promise<void>;
}

const startTimeoutMs = 30_000;

export async function startTemporalServer({
  logFile,
  ui,
}: {
  logFile: string;
  ui: boolean;
}): Promise<TemporalServer> {
  const port = await freePort(7233);
  const uiPort = await freePort(8233);
  const [httpPort, metricsPort] = [await freePort(), await freePort()];
  const service = startService({
    name: 'Temporal',
    program: temporalCliPath(),
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'],
      ...['--http-port', `${httpPort}`, '--metrics-port', `${metricsPort}`],
      ...(ui ? ['--ui-port', `${uiPort}`] : ['--headless']),
    ],
    env: {},
    logFile,
  });
  const address = `127.0.0.1:${port}`;
  const connection = await connect(address, service).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  return {
    address,
    ui: ui ? `http://127.0.0.1:${uiPort}` : null,
    client: new Client({ connection }),
    service,
    stop: async () => {
      await connection.close();
      await service.stop();
    },
  };
}

async function connect(address: string, service: Service): Promise<Connection> {
  const ended = service.ended.then((sentence) => {
    throw new Error(sentence);
  });
  ended.catch(() => undefined);
  for (const deadline = Date.now() + startTimeoutMs; ;) {
    try {
      return await Promise.race([Connection.connect({ address, connectTimeout: '1 s' }), ended]);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await Promise.race([sleep(50), ended]);
    }
  }
}
