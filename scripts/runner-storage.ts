#!/usr/bin/env node
import { errorCode } from '../activities/runtime-dir.js';
import { readHostConfig } from '../workers/config.js';
import { CommandError, operatorCommand, runOperatorCommand } from './lib/command.js';
import { age, bytes, columns, count, paint, printJson, say } from './lib/output.js';
import { readStorage, type Disk, type Size, type Storage } from './lib/storage.js';

const command = operatorCommand(
  'runner-storage',
  'Shows what takes the disk of this machine: disks, containers, kept logs, Docker.',
).action(async ({ json }: { json?: boolean }) => {
  const storage = await readStorage(readHostConfig()).catch((error: NodeJS.ErrnoException) => {
    if (errorCode(error) !== 'EACCES') throw error;
    throw new CommandError(`${error.path} can't be read: run this as root.`, { cause: error });
  });
  if (json) printJson(storage);
  else say(storageText(storage));
});

function storageText({ disks, containers, logs, docker }: Storage): string {
  const total = containers.reduce((sum, container) => sum + (container.bytes ?? 0), 0);
  const since = logs.oldestAt === null ? '' : `, the oldest from ${age(logs.oldestAt)} ago`;
  return [
    columns(['DISK', 'SIZE', 'USED', 'FREE', '', 'PATH'], disks.map(diskRow)),
    '',
    containers.length === 0 ? 'No container.' : columns(['CONTAINER', 'SIZE'], containers.map(sizeRow)),
    ...(containers.length > 1 ? [`${count(containers.length, 'container')}, ${bytes(total)} together`] : []),
    '',
    logs.files === 0
      ? 'No kept logs.'
      : `Kept logs of ${count(logs.files, 'runner')}: ${bytes(logs.bytes)}${since}`,
    ...(docker === null ? [] : [`Docker of the host: ${sizeRow(docker)[1]}`]),
  ].join('\n');
}

const nearlyFull = 0.9;

function diskRow({ what, path, space }: Disk): string[] {
  if (space === null) return [what, '', '', '', '', paint('dim', `${path} (absent)`)];
  // As df has it: what is kept for root, or by a quota, is neither used nor free.
  const share = space.used / Math.max(1, space.used + space.free);
  const percent = `${Math.round(share * 100)} %`;
  return [
    what,
    bytes(space.size),
    bytes(space.used),
    bytes(space.free),
    share > nearlyFull ? paint('red', percent) : percent,
    path,
  ];
}

function sizeRow({ name, bytes: size, trouble }: Size): string[] {
  return [name, size === null ? paint('red', `not measured: ${trouble}`) : bytes(size)];
}

await runOperatorCommand(command);
