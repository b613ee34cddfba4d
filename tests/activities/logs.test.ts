import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { createLogActivities, type LogOptions } from '../../activities/logs.js';
import { createRuntimeDir } from '../../activities/runtime-dir.js';
import { activityEnvironment, report } from './host-fixture.js';

const name = '3a1f9-r0';
const runnerName = `cdk-runner-01-${name}`;
const machineId = '0123456789abcdef0123456789abcdef';
let base: string;
let root: string;
let options: LogOptions;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'logs-'));
  options = {
    logDir: join(base, 'log'),
    runtimeDir: join(base, 'runtime'),
    rootDir: join(base, 'roots'),
    maxAgeMs: 86_400_000,
    maxBytes: 10_000_000,
    perRunnerMaxBytes: 1_000_000,
    journalctl: '/nowhere/journalctl',
  };
  root = join(options.rootDir, name);
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function keep(changed: Partial<LogOptions> = {}, names = { name, runnerName }) {
  const { environment, run, logged } = activityEnvironment();
  const activities = createLogActivities({ ...options, ...changed });
  const kept = run(() => activities.keepLogs({ ...names, note: 'job-done' }));
  return { kept: await kept, logged: logged(), environment };
}

/** The text that is kept of the runner. */
async function keptText(changed: Partial<LogOptions> = {}): Promise<string> {
  const { kept } = await keep(changed);
  return gunzipSync(await readFile(kept?.path ?? '')).toString();
}

/** The kept sections by their titles. */
async function keptSections(changed: Partial<LogOptions> = {}): Promise<Record<string, string>> {
  const [, ...parts] = (await keptText(changed)).split(/\n==> "(.*)" <==\n/);
  return Object.fromEntries(
    parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? '']] : [])),
  );
}

async function inRoot(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

test('keeps the events, the text log and the diagnostics in one file that not everybody may read', async () => {
  await createRuntimeDir(options.runtimeDir, name);
  await report(options.runtimeDir, name, 'booted', { at: '2026-11-24T10:00:00Z' });
  await inRoot('var/log/github-runner/runner.log', 'Listening for Jobs\n');
  await inRoot('var/lib/github-runner/_diag/Runner_20261124-100000-utc.log', 'runner\n');
  await inRoot('var/lib/github-runner/_diag/Worker_20261124-100100-utc.log', 'worker\n');
  await inRoot('var/lib/github-runner/_diag/core', 'no log');
  await inRoot('var/lib/github-runner/.credentials', 'secret');
  expect(await keptSections()).toEqual({
    'reported events': `${JSON.stringify({ refused: [], booted: { at: 1795514400000 } }, null, 2)}\n`,
    '/var/log/github-runner/runner.log': 'Listening for Jobs\n',
    '/var/lib/github-runner/_diag/Runner_20261124-100000-utc.log': 'runner\n',
    '/var/lib/github-runner/_diag/Worker_20261124-100100-utc.log': 'worker\n',
  });
  const path = join(options.logDir, `${runnerName}.log.gz`);
  expect(await keep()).toMatchObject({ kept: { path, bytes: (await stat(path)).size }, logged: [] });
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await stat(options.logDir)).mode & 0o777).toBe(0o750);
  expect(await readdir(options.logDir)).toEqual([`${runnerName}.log.gz`]);
});

test('says whose log it is and why it was kept', async () => {
  await inRoot('var/log/github-runner/runner.log', '');
  expect((await keptText()).replace(/kept: .*/, 'kept: now')).toBe(
    `runner: ${runnerName}\nkept: now\nnote: "job-done"\n\n==> "/var/log/github-runner/runner.log" <==\n`,
  );
});

const journalctl = (await execa('journalctl', ['--version'], { reject: false })).exitCode === 0;
(journalctl ? test : test.skip)(
  'keeps the journal of the runner, and the end of the whole, as text',
  async () => {
    const directory = join(root, 'var/log/journal', machineId);
    await mkdir(directory, { recursive: true });
    const recorded = createReadStream('tests/activities/github-runner.journal.gz');
    await pipeline(recorded, createGunzip(), createWriteStream(join(directory, 'system.journal')));
    const lines = [
      '2026-11-24T10:00:00.001000+0000 3a1f9-r0 dockerd[50]: docker is up\n',
      '2026-11-24T10:00:00.002000+0000 3a1f9-r0 Runner.Listener[77]: Listening for Jobs\n',
      '2026-11-24T10:00:00.003000+0000 3a1f9-r0 Runner.Listener[77]: Running job: checks\n',
    ];
    expect(await keptSections({ journalctl: undefined })).toEqual({
      'journal of github-runner': lines.slice(1).join(''),
      'end of the whole journal': lines.join(''),
    });
  },
);

/** Tells the sizes of the journal files that it is given. */
async function listingJournalctl(): Promise<string> {
  const path = join(base, 'journalctl');
  await writeFile(path, '#!/bin/sh\ncd "$2" && wc -c *\n', { mode: 0o755 });
  return path;
}

test('gives journalctl copies of the container’s own files only', async () => {
  const host = join(base, 'host-journal');
  await mkdir(host);
  await writeFile(join(host, 'system.journal'), 'the host’s');
  await inRoot(`var/log/journal/${machineId}/system.journal`, 'own');
  await symlink(join(host, 'system.journal'), join(root, `var/log/journal/${machineId}/user-1000.journal`));
  await symlink(host, join(root, `var/log/journal/${'f'.repeat(32)}`));
  const sections = await keptSections({ journalctl: await listingJournalctl() });
  expect(sections['journal of github-runner']).toBe(`3 ${machineId}-system.journal\n`);
});

test('keeps the rest when journalctl is not there', async () => {
  await inRoot(`var/log/journal/${machineId}/system.journal`, 'own');
  await inRoot('var/log/github-runner/runner.log', 'text\n');
  expect(await keptSections()).toMatchObject({
    'journal of github-runner': expect.stringContaining("(can't be read further: /nowhere/journalctl"),
    '/var/log/github-runner/runner.log': 'text\n',
  });
});

test.each([
  ['directory', 'var/log/github-runner'],
  ['directory', 'var/lib/github-runner/_diag'],
  ['parent', 'var/lib/github-runner'],
  ['parent', 'var/log'],
  ['parent', 'var'],
])('follows no link in place of a %s (%s)', async (_what, path) => {
  const elsewhere = join(base, 'host');
  for (const below of ['', '_diag', 'log/github-runner', 'github-runner', 'journal']) {
    await mkdir(join(elsewhere, below), { recursive: true });
    await writeFile(join(elsewhere, below, 'secret.log'), 'host secret');
  }
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(elsewhere, join(root, path));
  await createRuntimeDir(options.runtimeDir, name);
  expect(Object.keys(await keptSections())).toEqual(['reported events']);
});

test('reads no link, no second name, no FIFO and no device in place of a log', async () => {
  const directory = join(root, 'var/log/github-runner');
  await mkdir(directory, { recursive: true });
  await writeFile(join(base, 'secret'), 'host secret');
  await symlink(join(base, 'secret'), join(directory, 'a.log'));
  await execa('ln', [join(base, 'secret'), join(directory, 'b.log')]);
  await execa('mkfifo', [join(directory, 'c.log')]);
  await execa('mknod', [join(directory, 'd.log'), 'c', '1', '5']);
  await mkdir(join(directory, 'e.log'));
  expect(Object.values(await keptSections())).toEqual([
    '(refused: it is a symbolic link)\n',
    '(refused: it has 2 names)\n',
    '(refused: it is not a regular file)\n',
    '(refused: it is not a regular file)\n',
    '(refused: it is not a regular file)\n',
  ]);
});

test('reads nothing of the host while a directory is exchanged for a link all the time', async () => {
  const elsewhere = join(base, 'host');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'runner.log'), 'host secret');
  await inRoot('var/log/github-runner/runner.log', 'own\n');
  const directory = join(root, 'var/log/github-runner');
  const [aside, trap] = [`${directory}.aside`, `${directory}.trap`];
  await symlink(elsewhere, trap);
  let attacking = true;
  const attack = (async () => {
    while (attacking) {
      await rename(directory, aside);
      await rename(trap, directory);
      await rename(directory, trap);
      await rename(aside, directory);
    }
  })();
  await createRuntimeDir(options.runtimeDir, name);
  const texts: string[] = [];
  for (let round = 0; round < 40; round += 1) texts.push(await keptText());
  attacking = false;
  await attack;
  expect(texts.filter((text) => text.includes('secret'))).toEqual([]);
});

test('keeps the end of a log that is too long', async () => {
  await inRoot('var/log/github-runner/runner.log', `${'x'.repeat(99)}\n`.repeat(1_000) + 'the end\n');
  const { '/var/log/github-runner/runner.log': text } = await keptSections({ perRunnerMaxBytes: 4_000 });
  expect(text).toBe(
    `(the first 99008 bytes are left out)\n${`${'x'.repeat(99)}\n`.repeat(10).slice(8)}the end\n`,
  );
});

test('is not held up by a journal without end', async () => {
  await inRoot(`var/log/journal/${machineId}/system.journal`, 'own');
  const endless = join(base, 'endless');
  await writeFile(endless, '#!/bin/sh\nexec yes\n', { mode: 0o755 });
  const { 'journal of github-runner': text } = await keptSections({
    journalctl: endless,
    perRunnerMaxBytes: 400,
  });
  expect(text).toBe(`${'y\n'.repeat(50)}\n(the rest is left out)\n`);
});

test('blots out what looks like a token, wherever it stands', async () => {
  const secrets = [
    `ghp_${'a'.repeat(36)}`,
    `ghs_${'B'.repeat(36)}`,
    `github_pat_${'c1_'.repeat(20)}`,
    `eyJ${'d'.repeat(40)}.e30.sig-_`,
    Buffer.from(JSON.stringify({ '.runner': 'e30=', '.credentials': 'e30=' })).toString('base64'),
  ];
  // So many that some lie across the edge of two chunks.
  const text = Array.from(
    { length: 4_000 },
    (_value, index) => `token: ${secrets[index % secrets.length]}, and on\n`,
  );
  await inRoot('var/log/github-runner/runner.log', text.join(''));
  const { '/var/log/github-runner/runner.log': kept } = await keptSections({ perRunnerMaxBytes: 4_000_000 });
  expect(kept).toBe('token: [redacted], and on\n'.repeat(4_000));
});

test('keeps bytes that are no text as they are', async () => {
  const bytes = Buffer.from([...Array(256).keys()]);
  await inRoot('var/log/github-runner/runner.log', '');
  await writeFile(join(root, 'var/log/github-runner/runner.log'), bytes);
  const { kept } = await keep();
  expect(gunzipSync(await readFile(kept?.path ?? '')).subarray(-256)).toEqual(bytes);
});

test('has nothing to keep of a container that is gone', async () => {
  expect(await keep()).toMatchObject({ kept: null, logged: [] });
  expect(await readdir(options.logDir)).toEqual([]);
});

test('finds again what an earlier attempt kept', async () => {
  await inRoot('var/log/github-runner/runner.log', 'text\n');
  const { kept } = await keep();
  await rm(root, { recursive: true });
  expect(await keep()).toMatchObject({ kept });
});

test('holds up no removal when it can’t write', async () => {
  await inRoot('var/log/github-runner/runner.log', 'text\n');
  await writeFile(join(base, 'file'), '');
  const { kept, logged } = await keep({ logDir: join(base, 'file') });
  expect({ kept, logged }).toEqual({ kept: null, logged: ['WARN logs not kept', 'WARN logs not pruned'] });
});

test.each(['../../etc/cron.d/x-3a1f9-r0', '.x-3a1f9-r0', 'cdk-runner-01-3a1f9-r1', 'x\n-3a1f9-r0'])(
  'writes no file for the runner %j',
  async (odd) => {
    await inRoot('var/log/github-runner/runner.log', 'text\n');
    expect(await keep({}, { name, runnerName: odd })).toMatchObject({ kept: null });
  },
);

test('is cancelled, to be tried again, when the worker shuts down', async () => {
  await inRoot(`var/log/journal/${machineId}/system.journal`, 'own');
  const [hanging, started] = [join(base, 'hanging'), join(base, 'started')];
  await execa('mkfifo', [started]);
  await writeFile(hanging, `#!/bin/sh\necho >${started}\nexec sleep 600\n`, { mode: 0o755 });
  const { environment, run } = activityEnvironment();
  const activities = createLogActivities({ ...options, journalctl: hanging });
  const kept = run(() => activities.keepLogs({ name, runnerName, note: '' }));
  kept.catch(() => undefined);
  await readFile(started);
  environment.cancel('WORKER_SHUTDOWN');
  await expect(kept).rejects.toMatchObject({ name: 'CancelledFailure', message: 'WORKER_SHUTDOWN' });
  expect(await readdir(options.logDir)).toEqual([]);
});

test('removes what is too old, then the oldest of what is too much, and nothing in progress', async () => {
  await mkdir(options.logDir);
  const now = Date.now() / 1000;
  const day = 86_400;
  const aged = async (file: string, days: number) => {
    await writeFile(join(options.logDir, file), 'x'.repeat(1_000));
    await utimes(join(options.logDir, file), now - days * day, now - days * day);
  };
  await aged('old.log.gz', 8);
  await aged('third.log.gz', 3);
  await aged('second.log.gz', 2);
  await aged('first.log.gz', 1);
  await aged('notes.txt', 30);
  await aged('.keeping-now', 0);
  await aged('.keeping-abandoned', 2);
  await keep({ maxAgeMs: 7 * day * 1_000, maxBytes: 2_500 });
  expect((await readdir(options.logDir)).sort()).toEqual([
    '.keeping-now',
    'first.log.gz',
    'notes.txt',
    'second.log.gz',
  ]);
});
