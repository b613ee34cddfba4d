import type { Ajv, ErrorObject } from 'ajv';
import { OpenAPIBackend } from 'openapi-backend';
import type { ContractViolation } from '../model.js';
import { loadDescription } from './cut-openapi.js';
import type { DescribedOperation } from './description.js';
import type { OperationId } from './operations.js';

/** An operation as GitHub describes it, e.g. `GET /repos/{owner}/{repo}`. */
export interface Operation {
  id: OperationId;
  method: string;
  /** With its parameters in braces. */
  path: string;
  documentationUrl: string;
}

export interface RestRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

export interface Answer {
  status: number;
  /** Absent for a status without one. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Holds requests and answers to GitHub's own OpenAPI description, and remembers what it does not allow. */
export class Contract {
  readonly violations: ContractViolation[] = [];
  readonly operations: Operation[] = [];
  readonly #described = new Map<OperationId, DescribedOperation>();

  private constructor(private readonly api: OpenAPIBackend) {
    for (const { operationId, method, path, externalDocs, responses } of api.router.getOperations()) {
      const id = operationId as OperationId;
      const documentationUrl = externalDocs?.url ?? 'https://docs.github.com/rest';
      this.operations.push({ id, method: method.toUpperCase(), path, documentationUrl });
      this.#described.set(id, { operationId: id, responses: responses as DescribedOperation['responses'] });
    }
  }

  static async load(): Promise<Contract> {
    const api = new OpenAPIBackend({
      definition: loadDescription(),
      // The cut holds JSON Schema's `null` type, which a check of OpenAPI 3.0 documents would refuse.
      quick: true,
      ajvOpts: { strict: false, allErrors: true, meta: false, validateSchema: false },
      customizeAjv: addFormats,
    });
    return new Contract(await api.init());
  }

  /** Whether the operation can answer with this status. */
  describes(operation: Operation, status: number): boolean {
    return this.#described.get(operation.id)?.responses[status] !== undefined;
  }

  /** What GitHub's description has against the request; empty when nothing. */
  checkRequest(operation: Operation, request: RestRequest): string[] {
    const result = this.api.validator.validateRequest(
      { ...request, headers: definedOnly(request.headers), body: request.body },
      operation.id,
    );
    const errors = describeErrors(result.errors);
    if (errors.length > 0) this.#record(operation, 'request', errors);
    return errors;
  }

  /** What GitHub's description has against the answer; empty when nothing. */
  checkAnswer(operation: Operation, { status, body }: Answer): string[] {
    const errors = this.#answerErrors(operation, status, body);
    if (errors.length > 0) this.#record(operation, 'response', errors, status);
    return errors;
  }

  /** Records a request that no operation in use takes. */
  refuse(method: string, path: string): void {
    const errors = ['the simulated GitHub has no such operation'];
    this.violations.push({ at: Date.now(), route: `${method} ${path}`, direction: 'request', errors });
  }

  #answerErrors(operation: Operation, status: number, body: unknown): string[] {
    const response = this.#described.get(operation.id)?.responses[status];
    if (!response) return [`status ${status} is neither described nor listed as undescribed`];
    if (!response.content) return body === undefined ? [] : [`status ${status} has no body`];
    if (body === undefined) return [`status ${status} has a body`];
    // As it will be on the wire: without undefined members, with dates as text.
    const sent: unknown = JSON.parse(JSON.stringify(body));
    return describeErrors(this.api.validator.validateResponse(sent, operation.id, status).errors);
  }

  #record({ method, path }: Operation, direction: 'request' | 'response', errors: string[], status?: number) {
    this.violations.push({ at: Date.now(), route: `${method} ${path}`, direction, status, errors });
  }
}

function definedOnly(headers: RestRequest['headers']): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter((entry) => entry[1] !== undefined)) as Record<
    string,
    string | string[]
  >;
}

/** Names the place and the rule, never the value: a request may carry a secret. */
function describeErrors(errors: ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).map(({ instancePath, message, params }) => {
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    return `${instancePath || '/'} ${message ?? 'is not valid'}${extra ? ` (${extra})` : ''}`;
  });
}

function addFormats(ajv: Ajv): Ajv {
  const isTime = (text: string) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
  return ajv
    .addFormat('date-time', isTime)
    .addFormat('uri', (text) => URL.canParse(text))
    .addFormat('email', (text) => text.includes('@'));
}
