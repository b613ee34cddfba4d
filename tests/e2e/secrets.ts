import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../simulators/stack/stack.js';

/** Everywhere a secret has no business to be: histories, logs, arguments, environments, files of the hosts. */
export async function whereFound(stack: Stack, secrets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const search = (place: string, text: string) => {
    if (secrets.some((secret) => text.includes(secret) || text.includes(base64(secret)))) found.push(place);
  };
  for await (const { workflowId, runId } of stack.temporal.client.workflow.list()) {
    const history = await stack.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    search(`history of ${workflowId}`, plain(history));
  }
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    search(`arguments of ${pid}`, readQuietly(`/proc/${pid}/cmdline`));
  }
  for (const path of filesBelow(stack.directory)) {
    const expected = path === stack.tokenFile || /\/in\/jitconfig$|\/\.credentials|\/\.runner$/.test(path);
    if (!expected) search(path, readQuietly(path));
    else if (statSync(path).mode & 0o077) found.push(`${path} can be read by others`);
  }
  return found;
}

/** Payloads are bytes in a history: shown as the text that they are. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (
      typeof part === 'object' &&
      part !== null &&
      'type' in part &&
      part.type === 'Buffer' &&
      'data' in part
    ) {
      return Buffer.from(part.data as number[]).toString('utf8');
    }
    return part;
  });
}

const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // A process or a container that has ended meanwhile.
    return '';
  }
}

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() ? [path] : [];
    });
  } catch {
    return [];
  }
}
