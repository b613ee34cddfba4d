import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** Temporal can't be reached, or does not take our credentials. The message says where it was looked for. */
export class TemporalUnavailable extends Error {
  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `Temporal at ${address} does not answer (${reason}): is it running, and are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE right?`,
      {
        cause,
      },
    );
    this.name = 'TemporalUnavailable';
  }
}

/** Where Temporal is, as its own TEMPORAL_* variables and profile file say. */
export function temporalSettings() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  return { connectionOptions: { ...connectionOptions, address }, namespace: namespace ?? 'default', address };
}

/** A client for the configured server and namespace. Error: TemporalUnavailable. */
export async function connectClient(): Promise<Client> {
  const { connectionOptions, namespace, address } = temporalSettings();
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5 s' });
    return new Client({ connection, namespace });
  } catch (error) {
    throw new TemporalUnavailable(address, error);
  }
}
