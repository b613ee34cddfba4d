import { NativeConnection } from '@temporalio/worker';
import { temporalSettings, TemporalUnavailable } from './temporal-client.js';

export { connectClient, TemporalUnavailable } from './temporal-client.js';

/** The workers' connection. Error: TemporalUnavailable. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace, address } = temporalSettings();
  try {
    return { connection: await NativeConnection.connect(connectionOptions), namespace };
  } catch (error) {
    throw new TemporalUnavailable(address, error);
  }
}
