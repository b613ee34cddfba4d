import { watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { runnerEventNames, type RunnerEventName, type RunnerEvents } from '../workflows/model.js';
import { failure } from '../workflows/failures.js';
import { containerLost, errorCode, runtimePaths } from './runtime-dir.js';
import { openDirectory, openFile, readStart } from './untrusted-file.js';

const maxEventBytes = 16 * 1024;

/**
 * inotify is what wakes a waiter. Its queue is shared by all watches of a process and drops events when one
 * container floods it, so that a look at long intervals keeps the others from waiting for ever.
 */
const lookAnywayMs = 5_000;

// Control characters, line separators and the marks that reorder text: they could forge lines in a terminal or a log.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const text = (length: number) =>
  z
    .string()
    .max(length)
    .refine((value) => !unprintable.test(value), 'has control characters');
const time = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));

const moment = z.object({ at: time });
const job = moment.extend({
  repository: text(140),
  workflow: text(1024),
  job: text(1024),
  runId: z.string().regex(/^\d{1,20}$/, 'is not a run id'),
  runAttempt: z.int().min(1).max(1_000_000),
  runnerName: text(64),
});
const exited = moment.extend({ exitCode: z.int().min(-1).max(255), serviceResult: text(64) });

const schemas = { booted: moment, listening: moment, 'job-started': job, 'job-completed': job, exited };

/**
 * What the container has reported. The files are opened by their names, because a directory that the container
 * fills would take for ever to list. Error: ContainerLost when `out/` is gone.
 */
export async function readEvents(runtimeDir: string, name: string): Promise<RunnerEvents> {
  const { out } = runtimePaths(runtimeDir, name);
  const directory = await openDirectory(out);
  if (!directory) throw containerLost(out);
  try {
    const events: RunnerEvents = { refused: [] };
    // Last ones first: whoever sees an event also sees all that were written before it.
    for (const event of [...runnerEventNames].reverse()) {
      const read = await readEvent(directory, event);
      if (read === null) continue;
      if ('refused' in read) events.refused.push(`${event} ${read.refused}.`);
      else Object.assign(events, { [event]: read.value });
    }
    return events;
  } finally {
    await directory.close();
  }
}

/** Waits until one of `until` is reported. Errors: ContainerLost; HostUnavailable; `signal.reason`. */
export async function awaitEvents(input: {
  runtimeDir: string;
  name: string;
  until: readonly RunnerEventName[];
  signal: AbortSignal;
}): Promise<RunnerEvents> {
  const { runtimeDir, name, until, signal } = input;
  const { out } = runtimePaths(runtimeDir, name);
  let changed = false;
  let wake = () => {};
  const notice = () => {
    changed = true;
    wake();
  };
  // Watched before it is read: what is written in between is noticed.
  const watcher = watchDirectory(out, (file) => {
    // Temporary names are of no interest; `out` is the directory's own removal, null an unknown name.
    if (file === null || file === 'out' || file in schemas) notice();
  });
  const look = setInterval(notice, lookAnywayMs);
  signal.addEventListener('abort', notice);
  try {
    for (;;) {
      signal.throwIfAborted();
      changed = false;
      const events = await readEvents(runtimeDir, name);
      if (until.some((event) => events[event] !== undefined)) return events;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (changed) resolve();
      });
    }
  } finally {
    watcher.close();
    clearInterval(look);
    signal.removeEventListener('abort', notice);
  }
}

type ReadEvent = { value: { at: number } } | { refused: string } | null;

async function readEvent(directory: FileHandle, event: RunnerEventName): Promise<ReadEvent> {
  const opened = await openFile(directory, event);
  if (opened === null || 'refused' in opened) return opened;
  const content = await readStart(opened.file, maxEventBytes + 1).finally(() => opened.file.close());
  if (content.length > maxEventBytes) return { refused: `is larger than ${maxEventBytes} bytes` };
  const json = parseJson(content.toString('utf8'));
  if (json === undefined) return { refused: 'is not JSON' };
  const parsed = schemas[event].safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  return { refused: `is not as agreed: ${[...(issue?.path ?? []), issue?.message].join(' ')}` };
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function watchDirectory(path: string, onChange: (file: string | null) => void) {
  try {
    const watcher = watch(path, (_type, file) => onChange(file));
    // The next look says what is wrong.
    watcher.on('error', () => onChange(null));
    return watcher;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw containerLost(path);
    throw failure('HostUnavailable', `${path} can't be watched by inotify (${errorCode(error)}).`);
  }
}
