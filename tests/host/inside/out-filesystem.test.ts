import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { statfs } from 'node:fs/promises';
import { execa } from 'execa';
import { mountOut } from '../../../activities/out-filesystem.js';
import { runCommand } from '../../../activities/run-command.js';
import { createRuntimeDir } from '../../../activities/runtime-dir.js';
import { Container, outBytes, runtimeDir, startedContainer } from '../container.js';
import { startInternetGithub, type InternetGithub } from '../github.js';
import { describeOnTestHost } from '../on-test-host.js';
import { tracesOf } from '../traces.js';

jest.setTimeout(60_000);

/** Fills out/ by one way, says so, and holds it full until it is told to go. */
const fill = (how: string) => `${how}; touch /tmp/full; until [ -e /tmp/go ]; do sleep 0.05; done`;

const filledWith = {
  bytes: 'head -c 1G /dev/zero > /run/runner/out/full || true',
  names: '(cd /run/runner/out; i=0; while : > $((i += 1)); do :; done) 2>/dev/null || true',
};

describeOnTestHost('out/ of a container', () => {
  let github: InternetGithub;
  beforeAll(async () => {
    github = await startInternetGithub();
  });
  afterAll(() => github.close());

  const serve = async (container: Container, script: string) => {
    await github.queueScript(script);
    await container.handOver(await github.jitConfig(`host-${container.name}`));
  };

  it.each([
    ['bytes', async (path: string) => (await statfs(path)).bavail] as const,
    ['names', async (path: string) => (await statfs(path)).ffree] as const,
  ])('can be filled with %s while another container serves a job', async (what, free) => {
    const [filler, other] = await Promise.all([startedContainer(), startedContainer()]);
    try {
      await serve(filler, fill(filledWith[what]));
      await filler.event('job-started');
      await filler.asRoot('until [ -e /tmp/full ]; do sleep 0.02; done');
      expect(await free(filler.out)).toBe(0);

      await serve(other, 'true');
      expect(Object.keys(await other.event('exited')).toSorted()).toEqual([
        'booted',
        'exited',
        'job-completed',
        'job-started',
        'listening',
        'refused',
      ]);
      expect((await github.state()).jobs.at(-1)?.conclusion).toBe('success');
      expect(await free(filler.out)).toBe(0);

      await filler.asRoot('touch /tmp/go');
      expect((await filler.event('exited')).exited).toMatchObject({ exitCode: 0, serviceResult: 'success' });
    } finally {
      await Promise.all([filler.destroy(), other.destroy()]);
    }
  });

  it('has a size and options that container root can not change', async () => {
    const container = await startedContainer();
    try {
      const options = async () => (await execa('findmnt', ['-n', '-o', 'OPTIONS', container.out])).stdout;
      const before = await options();
      expect(before).toMatch(/^rw,nosuid,nodev,noexec,.*size=1024k,nr_inodes=256/);
      const { output } = await container.asRoot(
        'mount -o remount,size=1G /run/runner/out; mount -o remount,bind,exec,suid,dev /run/runner/out; echo end',
      );
      const refused = expect.stringMatching(/^mount: .*(denied|bad option)/) as unknown as string;
      expect(output.split('\n').filter((line) => !line.includes('dmesg'))).toEqual([refused, refused, 'end']);
      expect(await options()).toBe(before);
    } finally {
      await container.destroy();
    }
  });

  it('goes with the rest, when a worker dies before it has made the container', async () => {
    const container = new Container();
    const { out } = await createRuntimeDir(runtimeDir, container.name);
    expect(await mountOut(out, outBytes, runCommand)).toBeUndefined();
    expect(await tracesOf(container.name)).not.toEqual([]);
    await container.destroy();
    expect(await tracesOf(container.name)).toEqual([]);
  });

  it('goes although somebody on the host has a file of it open', async () => {
    const container = await startedContainer();
    const reader = execa('tail', ['-f', `${container.out}/booted`], { reject: false });
    try {
      await container.destroy();
      expect(await tracesOf(container.name)).toEqual([]);
    } finally {
      reader.kill();
      await reader;
    }
  });
});
