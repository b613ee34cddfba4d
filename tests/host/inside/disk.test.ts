import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { diskFull } from '../../../activities/disk-gate.js';
import { rootDir, startedContainer, type Container } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(60_000);

const reserve = `${rootDir}/written-by-the-host`;

describeOnTestHost('the disk of the host, filled by a container', () => {
  let container: Container;
  beforeAll(async () => {
    container = await startedContainer();
  });
  afterAll(async () => {
    await container.destroy();
    await rm(reserve, { force: true });
  });

  it('keeps what its filesystem reserves, and the root of the host can write there', async () => {
    const { output } = await container.asRoot(
      'for size in 4G 2G 1G 512M 256M 64M 16M; do fallocate -l $size /full-$size; done 2>/dev/null; dd if=/dev/zero of=/full bs=1M count=64 2>&1 | grep -o "No space left on device"',
    );
    expect(output).toBe('No space left on device');
    const { bavail, bfree, bsize } = await statfs(rootDir);
    expect(bavail).toBe(0);
    expect(bfree * bsize).toBeGreaterThan(100 * 2 ** 20);
    await writeFile(reserve, Buffer.alloc(50 * 2 ** 20));
  });

  it('gets no new container until there is room', async () => {
    expect(await diskFull(rootDir, 1)).toMatch(/^Less than .* GiB is free on the disk of/);
    await container.destroy();
    expect(await diskFull(rootDir, 2 ** 30)).toBeUndefined();
  });
});
