import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './runtime-dir.js';

// Once closed, the gate opens at a little more, so that a disk at the limit does not open and close it at each look.
const reopenFactor = 1.05;

/**
 * Why no container may be made on the disk of `path`, in a sentence; undefined when it has `minFreeBytes` free. The
 * sentence holds no changing figure, so that it changes only when the answer does.
 */
export async function diskFull(
  path: string,
  minFreeBytes: number,
  wasFull = false,
): Promise<string | undefined> {
  const { bavail, bsize } = await statfsOfNearest(path);
  const needed = wasFull ? minFreeBytes * reopenFactor : minFreeBytes;
  if (bavail * bsize >= needed) return undefined;
  return `Less than ${(minFreeBytes / 1024 ** 3).toFixed(1)} GiB is free on the disk of ${path}.`;
}

/** The path is made with the first container: until then its nearest parent tells. */
async function statfsOfNearest(path: string): Promise<StatsFs> {
  try {
    return await statfs(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return statfsOfNearest(dirname(path));
  }
}
