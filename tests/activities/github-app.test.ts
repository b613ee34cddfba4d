import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { failureOf, labels, runnersRoute, startGithub, type GithubFixture } from './github-fixture.js';

const name = 'cdk-runner-01-3a1f9-r0';
const keys = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    // As GitHub hands it out.
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
};
const { publicKey, privateKey } = keys();

let fixture: GithubFixture;
let privateKeyFile: string;
const appClient = (installationId = 34) =>
  fixture.another({ auth: { appId: 12, installationId, privateKeyFile } });

beforeEach(async () => {
  fixture = await startGithub({ tokens: [], app: { appId: 12, installationId: 34, publicKey } });
  privateKeyFile = join(fixture.dir, 'app.pem');
  await writeFile(privateKeyFile, privateKey);
});
afterEach(() => fixture.close());

const tokenRoute = 'POST /app/installations/{installation_id}/access_tokens';

test('a GitHub App gets one token for many calls', async () => {
  const client = appClient();
  const { runnerId } = await client.generateJitConfig({ name, labels });
  for (let look = 0; look < 3; look += 1) {
    expect(await client.listRunners()).toEqual([{ id: runnerId, name, status: 'offline', busy: false }]);
  }
  expect(fixture.requests()[tokenRoute]).toBe(1);
  expect(fixture.github.state()).toMatchObject({ requests: { notModified304: 2 }, contractViolations: [] });
});

test('a GitHub App gets another token when GitHub does not take the first any more', async () => {
  const client = appClient();
  await client.listRunners();
  fixture.github.addFault({ kind: 'status', status: 401, route: runnersRoute });
  expect(await client.listRunners()).toEqual([]);
  expect(fixture.requests()[tokenRoute]).toBe(2);
});

test('a GitHub App that is not installed, or has another key, is refused with its file named', async () => {
  const message = expect.stringContaining(
    `the GitHub App with the key ${privateKeyFile} is wrong or expired`,
  );
  expect(await failureOf(appClient(35).listRunners())).toMatchObject({ type: 'GithubUnauthorized', message });
  const other = keys().privateKey;
  await writeFile(privateKeyFile, other);
  const told = await failureOf(appClient().listRunners());
  expect(told).toMatchObject({ type: 'GithubUnauthorized', message });
  expect(told.everything).not.toContain(other.split('\n')[1]);
});

test('a private key that is none makes no call', async () => {
  await writeFile(
    privateKeyFile,
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n',
  );
  const told = await failureOf(appClient().listRunners());
  expect(told).toMatchObject({
    type: 'ConfigInvalid',
    message: `The GitHub App's private key file ${privateKeyFile} holds no private key in PEM format.`,
  });
  expect(told.everything).not.toContain('MIIEpAIBAAKCAQEA');
  expect(fixture.requests()).toEqual({});
});
