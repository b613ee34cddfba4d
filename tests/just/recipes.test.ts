import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { type Call, just, justTest, repository } from './just.js';

const hosts = [
  { number: '01', ip: '49.13.4.180', host: 'cdk-runner-01.cashudevkit.org' },
  { number: '02', ip: '91.99.191.146', host: 'cdk-runner-02.cashudevkit.org' },
];
const health = expect.stringContaining('http://127.0.0.1:8080/health') as unknown as string;
const applied = (number: string, ip: string): Call[] => [
  {
    program: 'nixos-rebuild',
    args: [
      'switch',
      '--cores',
      '8',
      '-L',
      '--flake',
      `.#cdk-runner-${number}`,
      '--target-host',
      `root@${ip}`,
    ],
  },
  { program: 'ssh', args: [`root@${ip}`, health], stdin: '' },
];
const onHost = (host: string, command: string): Call[] => [
  { program: 'ssh', args: [`root@${host}`, command], stdin: '' },
];

for (const { number, ip, host } of hosts) {
  describe(`just …-runner-${number}`, () => {
    justTest('apply switches the host and waits until it is healthy', async () => {
      expect((await just([`apply-runner-${number}`])).calls).toEqual(applied(number, ip));
    });

    for (const [args, target] of [
      [[], ip],
      [['IP=1.2.3.4'], '1.2.3.4'],
      [['1.2.3.4'], '1.2.3.4'],
    ] as const) {
      justTest(`bootstrap ${args.join(' ')} installs on root@${target}`, async () => {
        expect((await just([`bootstrap-runner-${number}`, ...args])).calls).toEqual([
          {
            program: 'nix',
            args: [
              'run',
              '--inputs-from',
              '.',
              'nixpkgs#nixos-anywhere',
              '--',
              '--flake',
              `.#cdk-runner-${number}`,
              `root@${target}`,
            ],
          },
        ]);
      });
    }

    justTest('build builds the system', async () => {
      const attribute = `.#nixosConfigurations.cdk-runner-${number}.config.system.build.toplevel`;
      expect((await just([`build-runner-${number}`])).calls).toEqual([
        { program: 'nix', args: ['build', '-L', attribute] },
      ]);
    });

    for (const [recipe, args, command] of [
      ['status', [], 'runner-status'],
      ['storage', [], 'runner-storage'],
      ['drain', ['--reason', 'new kernel; reboot'], String.raw`runner-drain --reason new\ kernel\;\ reboot`],
      ['resume', [], 'runner-resume'],
      ['history', ['--json'], 'runner-history --json'],
      ['host-key', [], 'cat /etc/ssh/ssh_host_ed25519_key.pub'],
      ['wireguard-key', [], 'wg show wg0 public-key'],
    ] as const) {
      justTest(`${recipe} runs one command on the host, its arguments as they are`, async () => {
        expect((await just([`${recipe}-runner-${number}`, ...args])).calls).toEqual(onHost(host, command));
      });
    }

    justTest("logs follows the worker's log, or a runner's", async () => {
      const followed = async (...args: string[]) =>
        (await just([`logs-runner-${number}`, ...args])).calls[0]?.args;
      expect(await followed()).toEqual(['-t', `root@${host}`, 'journalctl', '-u', 'runner-controller', '-f']);
      expect(await followed('3a1f9-r0')).toEqual([
        '-t',
        `root@${host}`,
        'journalctl',
        '-M',
        '3a1f9-r0',
        '-u',
        'github-runner',
        '-f',
      ]);
    });

    justTest('leave-rust sends its script to the host', async () => {
      const [call] = (await just([`leave-rust-runner-${number}`])).calls;
      expect(call?.args).toEqual([`root@${host}`, 'bash', '-s']);
      expect(call?.stdin).toContain('systemctl stop runner-controller');
    });

    justTest('rollback goes back and waits until the host is healthy', async () => {
      expect((await just([`rollback-runner-${number}`])).calls).toEqual([
        { program: 'ssh', args: [`root@${host}`, 'nixos-rebuild', 'switch', '--rollback'], stdin: '' },
        { program: 'ssh', args: [`root@${host}`, health], stdin: '' },
      ]);
    });

    for (const [way, args, input] of [
      ['as an argument', ['ghp_0123456789'], ''],
      ['on standard input', [], 'ghp_0123456789\n'],
    ] as const) {
      justTest(
        `set-token takes the token ${way}, and it is in no argument list of ssh and in no output`,
        async () => {
          const { calls, output } = await just([`set-token-runner-${number}`, ...args], { input });
          expect(calls).toEqual([
            { program: 'ssh', args: [`root@${host}`, 'runner-set-token'], stdin: 'ghp_0123456789\n' },
          ]);
          expect(output).not.toContain('ghp_');
        },
      );
    }
  });
}

describe('just apply-all', () => {
  justTest('applies one host after the other, each healthy before the next', async () => {
    const { calls } = await just(['apply-all']);
    expect(calls).toEqual(hosts.flatMap(({ number, ip }) => applied(number, ip)));
  });

  justTest('stops at a host that does not get healthy, and says what that host said', async () => {
    const { calls, exitCode, output } = await just(['apply-all'], {
      answers: { 'ssh root@49.13.4.180 .*health': 22 },
    });
    const [switched, looked] = applied('01', '49.13.4.180');
    expect(calls).toEqual([switched, looked, looked]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain('root@49.13.4.180 is not healthy: stub answer');
  });

  justTest('does not ask for health when the switch itself fails', async () => {
    const { calls, exitCode } = await just(['apply-all'], { answers: { 'nixos-rebuild .*01': 1 } });
    expect(calls).toEqual(applied('01', '49.13.4.180').slice(0, 1));
    expect(exitCode).not.toBe(0);
  });
});

describe('just for all hosts, secrets and this repository', () => {
  justTest('status-all and storage-all go on past a host that does not answer', async () => {
    for (const recipe of ['status', 'storage']) {
      const { calls, exitCode } = await just([`${recipe}-all`], {
        answers: { 'ssh root@cdk-runner-01': 255 },
      });
      expect(calls).toEqual(hosts.flatMap(({ host }) => onHost(host, `runner-${recipe}`)));
      expect(exitCode).toBe(0);
    }
  });

  justTest('build-all builds both hosts', async () => {
    const { calls } = await just(['build-all']);
    expect(calls.map(({ args }) => args.at(-1))).toEqual(
      hosts.map(({ number }) => `.#nixosConfigurations.cdk-runner-${number}.config.system.build.toplevel`),
    );
  });

  justTest('agenix-edit and agenix-rekey use the usual secret and identity, or those given', async () => {
    const args = async (...recipe: string[]) => (await just(recipe)).calls[0]?.args;
    const identity = '/home/operator/.ssh/id_ed25519';
    expect(await args('agenix-edit')).toEqual(['-e', 'secrets/github-runner.age', '-i', identity]);
    expect(await args('agenix-edit', 'secrets/other.age', '/key')).toEqual([
      '-e',
      'secrets/other.age',
      '-i',
      '/key',
    ]);
    expect(await args('agenix-rekey')).toEqual(['-r', '-i', identity]);
  });

  justTest('check checks the flake, and explains a missing flake.lock', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'without-lock-'));
    for (const needed of ['justfile', 'deploy'])
      cpSync(join(repository, needed), join(cwd, needed), { recursive: true });
    const { calls, exitCode, output } = await just(['check'], { cwd });
    rmSync(cwd, { recursive: true });
    expect({ calls, exitCode }).toEqual({
      calls: [{ program: 'nix', args: ['flake', 'check', '-L'] }],
      exitCode: 0,
    });
    expect(output).toContain("There is no flake.lock, so Nix takes the newest nixpkgs: run 'just lock'");
  });

  for (const [recipe, missing] of [
    ['apply-runner-01', 'nixos-rebuild'],
    ['agenix-edit', 'agenix'],
  ] as const) {
    justTest(`${recipe} says where ${missing} comes from when it is not there`, async () => {
      const { exitCode, output } = await just([recipe], { stubs: false });
      expect(exitCode).toBe(69);
      expect(output).toContain(`${missing} is not on PATH: run this in \`nix develop\`, which brings it.`);
    });
  }

  justTest('temporal-ui opens a tunnel to the first host, or to the one given', async () => {
    const target = async (...args: string[]) => (await just(['temporal-ui', ...args])).calls[0]?.args;
    expect(await target()).toEqual(['-N', '-L', '8233:127.0.0.1:8233', 'root@cdk-runner-01.cashudevkit.org']);
    expect((await target('temporal.example'))?.at(-1)).toBe('root@temporal.example');
  });

  justTest('a recipe without arguments lists the recipes', async () => {
    expect((await just([])).output).toContain('apply-all');
  });
});
