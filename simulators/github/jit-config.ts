import { randomBytes } from 'node:crypto';
import type { Runner } from './model.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What `generate-jitconfig` hands out, in the real one's format: a map from file name to file, all base64. */
export function encodeJitConfig(
  runner: Runner,
  serverUrl: string,
  gitHubUrl: string,
  workFolder: string,
): string {
  const files = {
    '.runner': {
      AgentId: String(runner.id),
      AgentName: runner.name,
      PoolId: '1',
      PoolName: 'Default',
      ServerUrl: serverUrl,
      GitHubUrl: gitHubUrl,
      WorkFolder: workFolder,
      Ephemeral: true,
      UseV2Flow: true,
    },
    '.credentials': {
      Scheme: 'OAuth',
      Data: { ClientId: runner.clientId, AuthorizationUrl: `${serverUrl}/_runner/token` },
    },
    // The real one is the runner's private key; nothing here reads it.
    '.credentials_rsaparams': {
      d: randomBytes(64).toString('base64'),
      modulus: randomBytes(64).toString('base64'),
    },
  };
  const encoded = Object.entries(files).map(([name, file]) => [name, base64(JSON.stringify(file))]);
  return base64(JSON.stringify(Object.fromEntries(encoded)));
}
