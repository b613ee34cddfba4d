import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { execa } from 'execa';
import { evaluate, nixTest } from '../nix/nix.js';
import { program, withServer } from './postgres.js';

/** Writes what the module says into a folder that with-nixos-temporal reads. */
async function moduleFiles(directory: string, settings: string): Promise<void> {
  const { config, faults } = await evaluate(
    'temporal-server',
    `{ services.runner-temporal-server = { enable = true; retention = "20d"; ${settings} }; }`,
  );
  expect(faults).toEqual([]);
  const repository = join(import.meta.dirname, '../..');
  const server = JSON.stringify(config.services['temporal']?.['settings'])
    .replace(
      /\/nix\/store\/[^"]*dynamic-config.yaml/,
      join(repository, 'deploy/temporal/dynamic-config.yaml'),
    )
    .replaceAll('/run/credentials/temporal.service', directory);
  writeFileSync(join(directory, 'temporal.yaml'), server);
  for (const [file, unit] of [
    ['schema', 'temporal-schema'],
    ['server', 'temporal'],
    ['namespace', 'temporal-namespace'],
  ] as const) {
    const { environment } = config.systemd.services[unit]!;
    const lines = Object.entries(environment).filter(([name]) => name !== 'HOME');
    writeFileSync(
      join(directory, `${file}.env`),
      lines.map(([name, value]) => `${name}='${value}'\n`).join(''),
    );
  }
  const owner = String(config.systemd.services['temporal-database']?.serviceConfig['ExecStart']);
  writeFileSync(join(directory, 'owner.sql'), /--command '(.*)'$/.exec(owner)?.[1] ?? '');
}

/** A certificate authority, and certificates that it signed, as PEM files. */
async function certificates(directory: string): Promise<void> {
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: directory });
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'client-ca',
    '-subj',
    '/CN=ca',
  );
  for (const [key, certificate] of [
    ['key', 'certificate'],
    ['client.key', 'client.crt'],
  ] as const) {
    const name = ['-subj', '/CN=temporal.internal', '-addext', 'subjectAltName=DNS:temporal.internal'];
    const signed = ['-CA', 'client-ca', '-CAkey', 'ca.key'];
    await openssl(
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      ...name,
      ...signed,
    );
  }
}

const need = process.env['POSTGRES_TESTS'] === undefined ? ' [did not run: POSTGRES_TESTS is not set]' : '';
const serverTest = (title: string, body: () => Promise<void>) =>
  nixTest('lib', title + need, need === '' ? body : async () => {});

describe('the Temporal server of the NixOS module', () => {
  serverTest('reaches PostgreSQL through its socket without a password, and has the namespace', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'module-'));
    await moduleFiles(directory, '');
    const described = await withServer(
      [program('with-nixos-temporal'), directory],
      'temporal operator namespace describe --address 127.0.0.1:7233 --output json',
    );
    expect(JSON.parse(described)).toMatchObject({ config: { workflowExecutionRetentionTtl: '1728000s' } });
  });

  serverTest('with TLS lets in who has a certificate, and nobody else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'module-'));
    await certificates(directory);
    await moduleFiles(
      directory,
      `tls = { certificateFile = "/c"; keyFile = "/k"; clientCaFile = "/a"; serverName = "temporal.internal"; };`,
    );
    const health = 'temporal operator cluster health --address 127.0.0.1:7233';
    const tls = `--tls-ca-path ${directory}/client-ca --tls-server-name temporal.internal`;
    const client = `--tls-cert-path ${directory}/client.crt --tls-key-path ${directory}/client.key`;
    const tried = await withServer(
      [program('with-nixos-temporal'), directory],
      `for how in "" "${tls}" "${tls} ${client}"; do timeout 20 ${health} $how >/dev/null 2>&1 && echo in || echo out; done`,
    );
    expect(tried.split('\n')).toEqual(['out', 'out', 'in']);
  });
});
