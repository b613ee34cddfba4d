import { createWriteStream } from 'node:fs';
import { mkdir, opendir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { streamCommand } from './run-command.js';
import { at, openDirectory, openFile } from './untrusted-file.js';

/** One part of a runner's log: where it is from, and its bytes, which are opened when they are read. */
export interface LogSection {
  title: string;
  body: AsyncIterable<Uint8Array | string>;
}

/** A directory with more entries was made to be in the way: the rest is not looked at. */
const maxEntries = 2_000;
const maxFiles = 20;
const maxMachineIds = 4;
const maxJournalBytes = 64 * 1024 * 1024;
const journalTimeoutMs = 30_000;

/** The end of the newest `.log` files in a directory below the container's root; `limit` bytes in all. */
export async function* textLogs(
  root: string,
  components: string[],
  limit: number,
): AsyncGenerator<LogSection> {
  const directory = await openDirectory(root, ...components);
  if (!directory) return;
  try {
    const names = (await namesEnding('.log', directory)).slice(-maxFiles);
    for (const name of names) {
      yield {
        title: ['', ...components, name].join('/'),
        body: endOf(directory, name, limit / names.length),
      };
    }
  } finally {
    await directory.close();
  }
}

/**
 * The journal in the container's root, as text, `limit` bytes in all. journalctl would follow links, and it maps
 * files that the container can cut short meanwhile, so it gets copies in `workDir`.
 */
export async function* journal(input: {
  root: string;
  workDir: string;
  limit: number;
  journalctl: string;
  signal: AbortSignal;
}): AsyncGenerator<LogSection> {
  const copies = join(input.workDir, 'journal');
  await mkdir(copies, { mode: 0o700 });
  if (!(await copyJournal(input.root, copies))) return;
  const read = (limit: number, ...selection: string[]) => {
    const options = ['--output=short-iso-precise', '--utc', '--no-pager', '--quiet'];
    const args = ['--directory', copies, ...options, ...selection];
    const { journalctl: program, signal } = input;
    return startOf(streamCommand({ program, args, timeoutMs: journalTimeoutMs, signal }), limit);
  };
  const unit = read(input.limit / 2, '--unit=github-runner', '--lines=50000');
  yield { title: 'journal of github-runner', body: unit };
  // Why a container did not get as far as its runner.
  yield { title: 'end of the whole journal', body: read(input.limit / 2, '--lines=300') };
}

/** Copies the files of all machine ids into one directory; tells whether there were any. */
async function copyJournal(root: string, copies: string): Promise<boolean> {
  const components = ['var', 'log', 'journal'];
  const parent = await openDirectory(root, ...components);
  if (!parent) return false;
  const ids = await namesEnding('', parent).finally(() => parent.close());
  let copied = 0;
  for (const id of ids.filter((name) => /^[0-9a-f]{32}$/.test(name)).slice(0, maxMachineIds)) {
    const directory = await openDirectory(root, ...components, id);
    if (!directory) continue;
    try {
      for (const name of (await namesEnding('.journal', directory)).slice(0, maxFiles)) {
        copied += await copyFile(directory, name, join(copies, `${id}-${name}`), maxJournalBytes - copied);
      }
    } finally {
      await directory.close();
    }
  }
  return copied > 0;
}

/** Copies a file of at most `limit` bytes, and as much of it as there is now: it may still grow. Returns its size. */
async function copyFile(directory: FileHandle, name: string, target: string, limit: number): Promise<number> {
  const opened = await openFile(directory, name);
  if (opened === null || 'refused' in opened) return 0;
  try {
    if (opened.size === 0 || opened.size > limit) return 0;
    const source = opened.file.createReadStream({ end: opened.size - 1, autoClose: false });
    await pipeline(source, createWriteStream(target, { mode: 0o600 }));
    return opened.size;
  } finally {
    await opened.file.close();
  }
}

/** The last `limit` bytes of a file, as long as it is when it is opened. */
async function* endOf(
  directory: FileHandle,
  name: string,
  limit: number,
): AsyncGenerator<Uint8Array | string> {
  const opened = await openFile(directory, name);
  if (opened === null) return;
  if ('refused' in opened) {
    yield `(refused: it ${opened.refused})\n`;
    return;
  }
  try {
    if (opened.size === 0) return;
    const start = Math.max(0, opened.size - Math.floor(limit));
    if (start > 0) yield `(the first ${start} bytes are left out)\n`;
    for await (const chunk of opened.file.createReadStream({
      start,
      end: opened.size - 1,
      autoClose: false,
    })) {
      yield chunk as Uint8Array;
    }
  } finally {
    await opened.file.close();
  }
}

/** At most `limit` bytes; whoever produces them is stopped then. */
async function* startOf(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Uint8Array | string> {
  let left = Math.floor(limit);
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left < 0) {
      yield '\n(the rest is left out)\n';
      return;
    }
  }
}

/** Sorted names; the runner's logs have their time in them. */
async function namesEnding(suffix: string, directory: FileHandle): Promise<string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const entry of await opendir(at(directory))) {
    if (entry.name.endsWith(suffix)) names.push(entry.name);
    if ((seen += 1) === maxEntries) break;
  }
  return names.sort();
}
