import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Waits until `check` holds, looking when something changes in the directory. */
export async function until(directory: string, check: () => boolean | Promise<boolean>): Promise<void> {
  let changed = () => {};
  const watcher = watch(directory, () => changed());
  try {
    for (;;) {
      // Before the check, so that no change is missed between it and the wait.
      const change = new Promise<void>((resolve) => (changed = resolve));
      if (await check()) return;
      await change;
    }
  } finally {
    watcher.close();
  }
}

/** All text below a directory. */
export async function readTree(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  return texts.join('\n');
}
