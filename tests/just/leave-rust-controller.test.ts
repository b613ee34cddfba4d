import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type GithubSimulator, startGithubSimulator } from '../../simulators/github/simulator.js';
import { ProtocolRunner } from '../simulators/github/protocol-runner.js';
import { register, restClient } from '../simulators/github/rest-client.js';

const script = join(import.meta.dirname, '../../deploy/hosts/leave-rust-controller');

let github: GithubSimulator;
beforeEach(async () => {
  github = await startGithubSimulator({ repository: 'cashubtc/cdk', tokens: ['token-one'] });
});
afterEach(async () => {
  await github.close();
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});
const roots: string[] = [];

/** A host with the Rust controller's containers; `active`: those whose runner service runs. */
function host({
  description = 'GitHub Actions Runner Controller (Rust)',
  containers = [] as string[],
  active = [] as string[],
}) {
  const root = mkdtempSync(join(tmpdir(), 'leave-rust-'));
  roots.push(root);
  const at = (...path: string[]) => join(root, ...path);
  for (const directory of ['bin', 'containers', 'active']) mkdirSync(at(directory));
  for (const name of containers) writeFileSync(at('containers', name), '');
  for (const name of active) writeFileSync(at('active', name), '');
  writeFileSync(at('token'), 'token-one\n');
  const programs = {
    'nixos-container': `
      case $1 in
      list) ls ${at('containers')} ;;
      run) test -e ${at('active')}/$2 ;;
      destroy) rm ${at('containers')}/$2 ;;
      esac`,
    systemctl: `echo "$@" >>${at('systemctl')}; [ "$1" != show ] || echo '${description}'`,
  };
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(at('bin', name), `#!/bin/sh\n${body}\n`);
    chmodSync(at('bin', name), 0o755);
  }
  const env = {
    PATH: `${at('bin')}:${process.env['PATH']}`,
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN_FILE: at('token'),
    POLL_INTERVAL: '0.1',
  };
  return {
    leave: () =>
      execa('bash', [script], { env, reject: false, all: true, timeout: 10_000, forceKillAfterDelay: 500 }),
    exists: (name: string) => existsSync(at('containers', name)),
    systemctl: () => readFileSync(at('systemctl'), 'utf8').split('\n').filter(Boolean),
  };
}

/** A runner as the Rust controller registers it, listening. */
async function listeningRunner(name: string): Promise<ProtocolRunner> {
  const { encoded_jit_config } = await register(restClient(github), name);
  const runner = new ProtocolRunner(github, encoded_jit_config);
  await runner.open();
  return runner;
}

describe('leave-rust-controller', () => {
  test('stops the controller, removes idle runners, and waits for the job of a busy one', async () => {
    const busy = await listeningRunner('3a1f9-r0');
    await listeningRunner('3a1f9-r1');
    github.queueWorkflowRun({
      workflow: 'ci',
      jobs: [{ id: 'a', name: 'a', runsOn: ['self-hosted'], durationMs: 0 }],
    });
    const job = await busy.poll();
    if (typeof job === 'number') throw new Error(`no job: ${job}`);
    const { leave, exists, systemctl } = host({ containers: ['3a1f9-r0', '3a1f9-r1', 'database'] });

    const leaving = leave();
    await github.until(({ runners }) => !runners.some(({ name }) => name === '3a1f9-r1'));
    expect(exists('3a1f9-r0')).toBe(true);
    await busy.complete(job.id);

    const { exitCode, all } = await leaving;
    expect({ exitCode, last: all.split('\n').at(-1) }).toEqual({
      exitCode: 0,
      last: 'No container is left: apply the new configuration now.',
    });
    expect(['3a1f9-r0', '3a1f9-r1', 'database'].map(exists)).toEqual([false, false, true]);
    expect(systemctl().slice(1)).toEqual(['stop runner-controller']);
    expect(github.state().jobs.map(({ conclusion, lost }) => ({ conclusion, lost }))).toEqual([
      { conclusion: 'success', lost: false },
    ]);
    expect(all).not.toContain('token-one');
  });

  test('waits for a runner that has not registered yet', async () => {
    const { leave, exists } = host({ containers: ['3a1f9-r0'], active: ['3a1f9-r0'] });
    const leaving = leave();
    const [said] = (await once(leaving.all, 'data')) as [Buffer];
    expect(said.toString()).toContain('Waiting for the jobs of 3a1f9-r0');
    expect(exists('3a1f9-r0')).toBe(true);
    await listeningRunner('3a1f9-r0');
    expect((await leaving).exitCode).toBe(0);
    expect([exists('3a1f9-r0'), github.state().runners]).toEqual([false, []]);
  });

  test('touches nothing on a host that has the new worker', async () => {
    const { leave, exists, systemctl } = host({
      description: 'GitHub Actions runner pool',
      containers: ['3a1f9-r0'],
    });
    const { exitCode, all } = await leave();
    expect({ exitCode, all }).toEqual({
      exitCode: 1,
      all: expect.stringContaining('has the new worker already'),
    });
    expect(exists('3a1f9-r0')).toBe(true);
    expect(systemctl()).toHaveLength(1);
  });
});
