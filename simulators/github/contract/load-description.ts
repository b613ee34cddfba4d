import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutOpenApi, type OpenApiDocument } from './cut-openapi.js';
import type { Description } from './description.js';
import { operationIds } from './operations.js';
import { addUndescribedStatuses } from './undescribed-statuses.js';

/**
 * GitHub's own OpenAPI description, from `@octokit/openapi`. Its cut is kept under `node_modules/.cache` and made
 * again when the package, the selection of operations, or the program that cuts has changed.
 */
export function loadDescription(): Description {
  const folder = dirname(createRequire(import.meta.url).resolve('@octokit/openapi/package.json'));
  const cacheFolder = join(folder, '..', '..', '.cache', 'github-description');
  const cacheFile = join(cacheFolder, `${recipe(folder)}.json`);
  const cached = readIfPresent(cacheFile);
  if (cached !== undefined) return addUndescribedStatuses(JSON.parse(cached) as Description);

  const whole = readFileSync(join(folder, 'generated', 'api.github.com.json'), 'utf8');
  const description = cutOpenApi(JSON.parse(whole) as OpenApiDocument);
  try {
    mkdirSync(cacheFolder, { recursive: true });
    // By rename, since several test processes may do this at once.
    writeFileSync(`${cacheFile}.${process.pid}`, JSON.stringify(description));
    renameSync(`${cacheFile}.${process.pid}`, cacheFile);
  } catch {
    // A read-only node_modules costs a quarter of a second at each start, no more.
  }
  return addUndescribedStatuses(description);
}

/** Whatever the cut depends on, as a word. */
function recipe(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = readFileSync(fileURLToPath(new URL(`./cut-openapi.${extension}`, import.meta.url)));
  const digest = createHash('sha256').update(program).update(operationIds.join()).digest('hex');
  return `${version}-${digest.slice(0, 12)}`;
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
