import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Opening files that an untrusted container can rename, replace or link at any moment. Each path component is
 * opened by itself from the directory before it (`/proc/self/fd/N/name` is Linux's openat) and no link is
 * followed, so that what is opened lies below the start whatever the container does meanwhile. A file is first
 * opened with O_PATH, which touches neither a FIFO nor a device, and only then, when it is a plain file, for reading.
 */

// Linux's value on x86 and ARM; Node names it nowhere.
const O_PATH = 0o10000000;

/** A file opened for reading, or why it was refused. */
export type Opened = { file: FileHandle; size: number } | { refused: string };

/** Opens a directory below a trusted one; null when a component is missing, is a link or is no directory. */
export async function openDirectory(trusted: string, ...components: string[]): Promise<FileHandle | null> {
  let directory = await openOnlyDirectory(trusted);
  for (const component of components) {
    if (!directory) return null;
    const parent: FileHandle = directory;
    try {
      directory = await openOnlyDirectory(at(parent, component));
    } finally {
      await parent.close();
    }
  }
  return directory;
}

/** Opens a plain file with a single name in an opened directory; null when nothing has that name. */
export async function openFile(directory: FileHandle, name: string): Promise<Opened | null> {
  const path = await orNull(['ENOENT'], open(at(directory, name), O_PATH | constants.O_NOFOLLOW));
  if (!path) return null;
  try {
    const stats = await path.stat();
    if (stats.isSymbolicLink()) return { refused: 'is a symbolic link' };
    if (!stats.isFile()) return { refused: 'is not a regular file' };
    // A second name could be in a place where others write.
    if (stats.nlink !== 1) return { refused: `has ${stats.nlink} names` };
    const file = await open(`/proc/self/fd/${path.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
    return { file, size: stats.size };
  } finally {
    await path.close();
  }
}

/** Reads at most `limit` bytes from the start, however the file grows meanwhile. */
export async function readStart(file: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Path of an opened directory, or of an entry in it, for calls that take only paths. */
export function at(directory: FileHandle, name?: string): string {
  // A name with a slash would be a path, and its components followed.
  if (name !== undefined && (name.includes('/') || name === '..'))
    throw new TypeError(`not a file name: ${name}`);
  return name === undefined ? `/proc/self/fd/${directory.fd}` : `/proc/self/fd/${directory.fd}/${name}`;
}

function openOnlyDirectory(path: string): Promise<FileHandle | null> {
  const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return orNull(['ENOENT', 'ENOTDIR', 'ELOOP'], open(path, flags));
}

async function orNull<T>(codes: string[], work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
