import {
  schemaBase,
  type DescribedOperation,
  type Description,
  type Json,
  type JsonObject,
} from './description.js';
import { operationIds } from './operations.js';

/** The parts of an OpenAPI 3.0 document that the cut reads. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: Record<string, JsonObject>;
}

interface OpenApiOperation {
  operationId: string;
  externalDocs?: { url: string };
  parameters?: Json[];
  requestBody?: Json;
  responses: Record<string, Json>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Json;
}

interface WithContent {
  required?: boolean;
  content?: Record<string, { schema: Json }>;
}

const referencePrefix = '#/components/';
const newPrefix = `${schemaBase}#/schemas/`;

/** Cuts GitHub's whole description, 13 MB of JSON, to the operations in use. */
export function cutOpenApi(document: OpenApiDocument): Description {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => operationIds.some((id) => id === operationId))
      .map(([method, operation]) => cutOperation(document, path, method, operation)),
  );
  const schemas: JsonObject = {};
  const pending: Json[] = operations.flatMap(({ parameters, body, answers }) => [
    ...parameters.map(({ schema }) => schema),
    body?.schema ?? null,
    ...Object.values(answers),
  ]);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const name of schemaNames(node)) {
      if (name in schemas) continue;
      schemas[name] = toJsonSchema(document.components.schemas?.[name] ?? null);
      pending.push(schemas[name]);
    }
  }
  return { operations, schemas };
}

function cutOperation(
  document: OpenApiDocument,
  path: string,
  method: string,
  operation: OpenApiOperation,
): DescribedOperation {
  const content = (node: Json) => resolve(document, node) as WithContent;
  const schemaOf = ({ content: types }: WithContent) =>
    toJsonSchema(types?.['application/json']?.schema ?? null);
  const parameters = (operation.parameters ?? []).map((node) => {
    const { name, in: place, required = false, schema } = resolve(document, node) as unknown as Parameter;
    return { name, in: place, required, schema: toJsonSchema(schema) };
  });
  const answers = Object.entries(operation.responses).map(([status, node]) => [
    status,
    schemaOf(content(node)),
  ]);
  const body = operation.requestBody && content(operation.requestBody);
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    documentationUrl: operation.externalDocs?.url ?? 'https://docs.github.com/rest',
    parameters,
    ...(body && { body: { required: body.required ?? false, schema: schemaOf(body) } }),
    answers: Object.fromEntries(answers) as Record<string, Json>,
  };
}

function resolve(document: OpenApiDocument, node: Json): Json {
  const reference = (node as { $ref?: string }).$ref;
  if (reference === undefined) return node;
  const [kind = '', name = ''] = reference.slice(referencePrefix.length).split('/');
  return document.components[kind]?.[name] ?? null;
}

function schemaNames(node: Json): string[] {
  if (node === null || typeof node !== 'object') return [];
  if (Array.isArray(node)) return node.flatMap(schemaNames);
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value.slice(newPrefix.length)] : schemaNames(value),
  );
}

const proseKeywords = [
  'title',
  'description',
  'example',
  'examples',
  'default',
  'deprecated',
  'externalDocs',
];
const isProse = (key: string) => proseKeywords.includes(key) || key.startsWith('x-');

/** OpenAPI's dialect as JSON Schema: `nullable` becomes a type; what validation does not read is dropped. */
function toJsonSchema(node: Json, isPropertyMap = false): Json {
  if (node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map((item) => toJsonSchema(item));
  const kept = Object.entries(node).filter(([key]) => isPropertyMap || !(isProse(key) || key === 'nullable'));
  const schema = Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === '$ref' && typeof value === 'string') return [key, newPrefix + value.split('/').at(-1)];
      return [key, toJsonSchema(value, key === 'properties' && !isPropertyMap)];
    }),
  );
  if (isPropertyMap || node.nullable !== true) return schema;
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  if (Array.isArray(schema.enum)) schema.enum = [...schema.enum, null];
  return { ...schema, type: [schema.type, 'null'] };
}
