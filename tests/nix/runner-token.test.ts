import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const script = join(import.meta.dirname, '../../nix/modules/controller/runner-token.sh');

/** A host's files in a folder of their own; `systemctl` writes down its arguments. */
function host() {
  const root = mkdtempSync(join(tmpdir(), 'runner-token-'));
  const path = (name: string) => join(root, name);
  mkdirSync(path('run'));
  writeFileSync(path('systemctl'), `#!/bin/sh\necho "$@" >>${path('systemctl.calls')}\n`);
  chmodSync(path('systemctl'), 0o755);
  const env = {
    PATH: `${root}:${process.env['PATH']}`,
    RUNNER_TOKEN_FILE: path('configured'),
    RUNNER_TOKEN_STATE: path('state'),
    RUNNER_TOKEN_IN_USE: path('run/github-token'),
  };
  return {
    configure: (token: string) => writeFileSync(path('configured'), token),
    run: (command: string, input = '') =>
      execa('bash', ['-euo', 'pipefail', script, command], { env, input, reject: false, all: true }),
    inUse: () =>
      existsSync(path('run/github-token')) ? readFileSync(path('run/github-token'), 'utf8').trim() : null,
    mode: () => (statSync(path('run/github-token')).mode & 0o777).toString(8),
    restarts: () =>
      existsSync(path('systemctl.calls')) ? readFileSync(path('systemctl.calls'), 'utf8') : '',
  };
}

const configured = 'configured_token_0123456789';
const byHand = 'github_pat_set_by_hand_0123456789';

describe('runner-token', () => {
  test('puts the configured token where the worker finds it, for root alone', async () => {
    const { configure, run, inUse, mode } = host();
    configure(configured);
    await run('choose');
    expect([inUse(), mode()]).toEqual([configured, '400']);
  });

  test('keeps a token that was set by hand over reboots, until the configured one changes', async () => {
    const { configure, run, inUse, restarts } = host();
    configure(configured);
    await run('set', `${byHand}\n`);
    expect(restarts()).toBe('restart runner-token.service runner-controller.service\n');
    await run('choose');
    expect(inUse()).toBe(byHand);
    await run('choose');
    expect(inUse()).toBe(byHand);
    configure('a_newer_configured_token_012345');
    await run('choose');
    expect(inUse()).toBe('a_newer_configured_token_012345');
  });

  test('takes a token set by hand on a machine whose secret can not be decrypted yet', async () => {
    const { run, inUse } = host();
    expect((await run('choose')).exitCode).toBe(66);
    await run('set', byHand);
    await run('choose');
    expect(inUse()).toBe(byHand);
  });

  test('refuses what is no token, and changes nothing', async () => {
    const { configure, run, inUse, restarts } = host();
    configure(configured);
    for (const input of ['', 'short\n', `${byHand} and more\n`, '$(reboot)aaaaaaaaaaaaaaaaaaa\n']) {
      expect((await run('set', input)).exitCode).toBe(65);
    }
    await run('choose');
    expect([inUse(), restarts()]).toEqual([configured, '']);
  });

  test('never prints a token', async () => {
    const { configure, run } = host();
    configure(configured);
    const outputs = [await run('choose'), await run('set', byHand), await run('choose')].map(
      ({ all }) => all,
    );
    expect(outputs.join('\n')).not.toMatch(/configured_token|set_by_hand_0/);
  });
});
