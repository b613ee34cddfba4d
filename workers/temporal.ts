import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

/** Temporal can't be reached, or does not take our credentials. The message says where it was looked for. */
export class TemporalUnavailable extends Error {
  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Temporal at ${address} does not answer (${reason}): is it running, and are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE right?`, {
      cause,
    });
    this.name = 'TemporalUnavailable';
  }
}

/** Temporal's own TEMPORAL_* variables and profile file say where it is. */
function settings() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  return { connectionOptions: { ...connectionOptions, address }, namespace: namespace ?? 'default', address };
}

/** A client for the configured server and namespace. Error: TemporalUnavailable. */
export async function connectClient(): Promise<Client> {
  const { connectionOptions, namespace, address } = settings();
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5 s' });
    return new Client({ connection, namespace });
  } catch (error) {
    throw new TemporalUnavailable(address, error);
  }
}

/** The workers' connection. Error: TemporalUnavailable. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace, address } = settings();
  try {
    return { connection: await NativeConnection.connect(connectionOptions), namespace };
  } catch (error) {
    throw new TemporalUnavailable(address, error);
  }
}
