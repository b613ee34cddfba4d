import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DescribedOperation, Description, Json, JsonObject } from './description.js';
import { operationIds } from './operations.js';
import { addUndescribedStatuses } from './undescribed-statuses.js';

/**
 * GitHub's OpenAPI description, cut to the operations in use: 13 MB become 0.4. The cut is kept under
 * `node_modules/.cache` and made again when the description or the selection changes.
 */
export function loadDescription(): Description {
  const folder = dirname(createRequire(import.meta.url).resolve('@octokit/openapi/package.json'));
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const recipe = createHash('sha256').update(JSON.stringify([operationIds, String(cut)]));
  const cacheFolder = join(folder, '..', '..', '.cache', 'github-description');
  const cacheFile = join(cacheFolder, `${version}-${recipe.digest('hex').slice(0, 12)}.json`);
  const cached = readIfPresent(cacheFile);
  if (cached) return addUndescribedStatuses(JSON.parse(cached) as Description);

  const full = JSON.parse(
    readFileSync(join(folder, 'generated', 'api.github.com.json'), 'utf8'),
  ) as Description;
  const description = cut(full);
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

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function cut(full: Description): Description {
  const paths: Description['paths'] = {};
  for (const [path, methods] of Object.entries(full.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!operationIds.some((id) => id === operation.operationId)) continue;
      paths[path] = {
        ...paths[path],
        [method]: tidy(operation as unknown as Json) as unknown as DescribedOperation,
      };
    }
  }
  const components: JsonObject = {};
  const pending: Json[] = [paths as unknown as Json];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const reference of references(node)) {
      const [, , kind = '', name = ''] = reference.split('/');
      const group = (components[kind] ??= {}) as JsonObject;
      if (name in group) continue;
      group[name] = tidy((full.components[kind] as JsonObject)[name] ?? null);
      pending.push(group[name]);
    }
  }
  return { openapi: full.openapi, info: full.info, paths, components };
}

function references(node: Json): string[] {
  if (node === null || typeof node !== 'object') return [];
  if (Array.isArray(node)) return node.flatMap(references);
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

const isProse = (key: string) => ['title', 'example', 'examples'].includes(key) || key.startsWith('x-');

/** Drops what validation does not read, and writes `nullable` in the way that a JSON Schema validator knows. */
function tidy(node: Json, isPropertyMap = false): Json {
  if (node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map((item) => tidy(item));
  const kept = Object.entries(node).filter(([key]) => isPropertyMap || !isProse(key));
  const tidied = Object.fromEntries(
    kept.map(([key, value]) => [key, tidy(value, key === 'properties' && !isPropertyMap)]),
  );
  if (isPropertyMap || tidied.nullable !== true) return tidied;
  const schema = Object.fromEntries(Object.entries(tidied).filter(([key]) => key !== 'nullable'));
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  if (Array.isArray(schema.enum)) schema.enum = [...schema.enum, null];
  return { ...schema, type: [schema.type, 'null'] };
}
