import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Kept logs end with this; work in progress is in directories that begin with {@link workPrefix}. */
export const logSuffix = '.log.gz';
export const workPrefix = '.keeping-';

/** A work directory this old was left by a worker that was killed. */
const abandonedAfterMs = 24 * 3_600_000;

/** Removes kept logs older than `maxAgeMs`, then the oldest until at most `maxBytes` are left, and abandoned work. */
export async function pruneLogs(input: {
  logDir: string;
  maxAgeMs: number;
  maxBytes: number;
}): Promise<void> {
  const now = Date.now();
  const entries = (
    await Promise.all((await readdir(input.logDir)).map((name) => inspect(input.logDir, name)))
  ).flat();
  const logs = entries
    .filter(({ name }) => name.endsWith(logSuffix))
    .sort((a, b) => b.modifiedAt - a.modifiedAt);
  const abandoned = entries.filter(
    ({ name, modifiedAt }) => name.startsWith(workPrefix) && now - modifiedAt > abandonedAfterMs,
  );
  let total = 0;
  const surplus = logs.filter(({ bytes, modifiedAt }) => {
    total += bytes;
    return total > input.maxBytes || now - modifiedAt > input.maxAgeMs;
  });
  await Promise.all([...surplus, ...abandoned].map(({ path }) => rm(path, { recursive: true, force: true })));
}

async function inspect(logDir: string, name: string) {
  const path = join(logDir, name);
  try {
    const { size, mtimeMs } = await lstat(path);
    return [{ name, path, bytes: size, modifiedAt: mtimeMs }];
  } catch {
    // Pruned by another since it was listed.
    return [];
  }
}
