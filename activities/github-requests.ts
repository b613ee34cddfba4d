import type { ZodType } from 'zod';
import { failure } from '../workflows/failures.js';
import type { GithubBudget } from './github-budget.js';
import { answeredStatus, githubFailure, pauseOf, type GithubCall } from './github-errors.js';
import type { SendRequest } from './github-octokit.js';

export interface GithubRequest {
  /** E.g. `GET /repos/cashubtc/cdk/actions/runners`. */
  route: string;
  /** In words, for a failure's message. */
  operation: string;
  parameters?: Record<string, unknown>;
  /** When it is another permission than the usual. */
  permission?: string;
  /** Refusals that the caller understands; they are returned, without data. */
  expected?: number[];
}

const pageSize = 100;

/** Requests whose failures are ours, and whose rate limits hold back all that come after. */
export class GithubRequests {
  readonly #send: SendRequest;
  readonly #budget: GithubBudget;
  readonly #usual: Omit<GithubCall, 'operation'>;

  constructor(send: SendRequest, budget: GithubBudget, usual: Omit<GithubCall, 'operation'>) {
    this.#send = send;
    this.#budget = budget;
    this.#usual = usual;
  }

  async send(request: GithubRequest): Promise<{ status: number; data: unknown }> {
    const { route, operation, parameters = {}, permission = this.#usual.permission, expected = [] } = request;
    try {
      const { status, data } = await this.#send(route, parameters);
      return { status, data };
    } catch (error) {
      const status = answeredStatus(error);
      if (status !== undefined && expected.includes(status)) return { status, data: undefined };
      const pause = pauseOf(error);
      if (pause) this.#budget.pause(pause);
      throw githubFailure(error, { ...this.#usual, operation, permission }, pause) ?? error;
    }
  }

  /** All items of a list, page by page, each once although the list may move between two pages. */
  async list<T, I extends { id: number }>(
    request: GithubRequest,
    schema: ZodType<T & { total_count: number }>,
    itemsOf: (page: T) => I[],
    atMost = Infinity,
  ): Promise<I[]> {
    const found = new Map<number, I>();
    for (let page = 1; ; page += 1) {
      const parameters = { ...request.parameters, per_page: pageSize, page };
      const { data } = await this.send({ ...request, parameters });
      const answer = shaped(schema, data, request.operation);
      const items = itemsOf(answer);
      for (const item of items) found.set(item.id, item);
      const isLast = items.length === 0 || page * pageSize >= Math.min(answer.total_count, atMost);
      if (isLast) return [...found.values()];
    }
  }
}

/** The answer, once it is known to be one. Error: GithubUnavailable. */
export function shaped<T>(schema: ZodType<T>, data: unknown, operation: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.data !== undefined) return parsed.data;
  const message = `GitHub's answer is none that its API description allows, when asked to ${operation}.`;
  throw failure('GithubUnavailable', message);
}
