import { afterAll, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { describeWithTestHost } from './real-pool.js';

jest.setTimeout(60_000);

const name = 'short-lived';
const testHost = (...args: string[]) =>
  execa(join(projectFolder(), 'tests', 'host', 'test-host'), args, {
    env: { TEST_HOST: name },
    reject: false,
    stderr: 'ignore',
  });

/** What a test host consists of on the machine, a name each. */
async function traces(): Promise<string[]> {
  const { stdout: groups } = await execa('find', ['/sys/fs/cgroup', '-maxdepth', '5', '-name', `*${name}`], {
    reject: false,
  });
  const { stdout: processes } = await execa('pgrep', ['-f', `machine=${name}`], { reject: false });
  const { stdout: loops } = await execa('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
  const mounts = await readFile('/proc/mounts', 'utf8');
  const lines = [groups, processes, loops, mounts].join('\n').split('\n');
  const found = lines.filter((line) => line.includes(name) || /^\d+$/.test(line));
  const directories = [
    `/var/lib/cdk-test-host/${name}`,
    `/run/systemd/nspawn/unix-export/${name}`,
    `/run/systemd/nspawn/propagate/${name}`,
  ];
  return [...found, ...directories.filter(existsSync)];
}

describeWithTestHost('test-host', () => {
  afterAll(() => testHost('down'));

  it('boots, runs a command and leaves no trace when it goes down', async () => {
    expect((await testHost('up')).exitCode).toBe(0);
    expect((await testHost('exec', 'sh', '-c', 'ps -o comm= 1; exit 7')).exitCode).toBe(7);
    expect((await testHost('status')).stdout).toBe('up');
    expect(await traces()).not.toEqual([]);
    await testHost('down');
    expect(await traces()).toEqual([]);
    expect(await testHost('status')).toMatchObject({ stdout: 'down', exitCode: 1 });
  });

  it('leaves none either when it was killed with a container in it', async () => {
    await testHost('up');
    await testHost(
      'exec',
      'sh',
      '-c',
      'nixos-container create killed --system-path $(readlink /run/container-system); nixos-container start killed',
    );
    const { stdout: nspawn } = await execa('pgrep', ['-f', `systemd-nspawn .*machine=${name}`]);
    process.kill(Number(nspawn.split('\n')[0]), 'SIGKILL');
    await testHost('down');
    expect(await traces()).toEqual([]);
  });
});
