import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import type { ContractViolation } from '../model.js';
import { schemaBase, type DescribedOperation, type Json, type JsonObject } from './description.js';
import { loadDescription } from './load-description.js';
import type { OperationId } from './operations.js';

export interface Operation extends DescribedOperation {
  id: OperationId;
}

export interface RestRequest {
  path: Record<string, string>;
  query: Record<string, string>;
  /** Undefined when the request has none. */
  body: unknown;
}

export interface Answer {
  status: number;
  /** Undefined for a status without one. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Holds requests and answers to GitHub's own OpenAPI description, and remembers what it does not allow. */
export class Contract {
  readonly violations: ContractViolation[] = [];
  readonly operations: readonly Operation[];
  readonly #bodies: Ajv;
  readonly #parameters: Ajv;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    const { operations, schemas } = loadDescription();
    this.operations = operations as Operation[];
    this.#bodies = createAjv(schemas, {});
    // In an address everything is text: "7" has to pass as a number.
    this.#parameters = createAjv(schemas, { coerceTypes: true });
  }

  /** What GitHub's description has against the request; empty when nothing. */
  checkRequest(operation: Operation, { path, query, body }: RestRequest): string[] {
    const { id } = operation;
    const errors = this.#validate(this.#parameters, `${id} parameters`, () => parametersSchema(operation), {
      path: { ...path },
      query: { ...query },
    });
    const described = operation.body;
    if (described && body === undefined && described.required) errors.push('/body is missing');
    if (described && body !== undefined) {
      errors.push(...this.#validate(this.#bodies, `${id} body`, () => described.schema, body));
    }
    if (errors.length > 0) this.#record(operation, 'request', errors);
    return errors;
  }

  /** What GitHub's description has against the answer; empty when nothing. */
  checkAnswer(operation: Operation, { status, body }: Answer): string[] {
    const errors = this.#answerErrors(operation, status, body);
    if (errors.length > 0) this.#record(operation, 'response', errors, status);
    return errors;
  }

  /** Records a request that none of the operations takes. */
  recordUnknown(method: string, path: string): void {
    const errors = ['the simulated GitHub has no such operation'];
    this.violations.push({ at: Date.now(), route: `${method} ${path}`, direction: 'request', errors });
  }

  #answerErrors({ id, answers }: Operation, status: number, body: unknown): string[] {
    const schema = answers[status];
    if (schema === undefined) return [`status ${status} is neither described nor listed as undescribed`];
    if (schema === null) return body === undefined ? [] : [`status ${status} has no body`];
    if (body === undefined) return [`status ${status} has a body`];
    // As it is on the wire: without undefined members.
    const sent: unknown = JSON.parse(JSON.stringify(body));
    return this.#validate(this.#bodies, `${id} ${status}`, () => schema, sent);
  }

  /** Compiled at the first use: all of them would cost half a second at each start. */
  #validate(ajv: Ajv, key: string, schema: () => Json, data: unknown): string[] {
    const validate = this.#compiled.get(key) ?? ajv.compile(schema() as JsonObject);
    this.#compiled.set(key, validate);
    if (validate(data)) return [];
    return (validate.errors ?? []).map(describeError);
  }

  #record({ method, path }: Operation, direction: 'request' | 'response', errors: string[], status?: number) {
    this.violations.push({ at: Date.now(), route: `${method} ${path}`, direction, status, errors });
  }
}

function createAjv(schemas: JsonObject, options: Options): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, ...options });
  ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)));
  ajv.addFormat('uri', (text) => URL.canParse(text));
  ajv.addFormat('email', (text) => text.includes('@'));
  ajv.addFormat('int64', { type: 'number', validate: Number.isInteger });
  return ajv.addSchema({ $id: schemaBase, schemas });
}

/** Parameters that are not described are not allowed: GitHub would pass over a misspelt one in silence. */
function parametersSchema({ parameters }: Operation): Json {
  const group = (place: string) => {
    const members = parameters.filter((parameter) => parameter.in === place);
    return {
      type: 'object',
      additionalProperties: false,
      required: members.filter(({ required }) => required).map(({ name }) => name),
      properties: Object.fromEntries(members.map(({ name, schema }) => [name, schema])),
    };
  };
  return { type: 'object', properties: { path: group('path'), query: group('query') } };
}

/** Names the place and the rule, never the value, which may be a secret. */
function describeError({ instancePath, message = 'is not valid', params }: ErrorObject) {
  const { additionalProperty } = params as { additionalProperty?: string };
  return `${instancePath || '/'} ${message}${additionalProperty ? `: ${additionalProperty}` : ''}`;
}
