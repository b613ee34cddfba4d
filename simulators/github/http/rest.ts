import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, Operation } from '../contract/contract.js';
import type { World } from '../world.js';
import type { Identity } from './authenticator.js';
import { GithubError } from './github-error.js';
import { injectAfter, injectBefore } from './injection.js';
import { operations } from './operations.js';
import { bucketOf } from './rate-limits.js';

/** Serves GitHub's REST API: each operation at the path that GitHub's description gives it. */
export function serveRest(app: FastifyInstance, world: World): void {
  for (const operation of world.contract.operations) {
    app.route({
      method: operation.method,
      url: operation.path.replaceAll('{', ':').replaceAll('}', ''),
      handler: (request, reply) => handle(world, operation, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    world.contract.recordUnknown(request.method, new URL(request.url, world.site.apiUrl).pathname);
    void reply.code(404).send({ message: 'Not Found', documentation_url: 'https://docs.github.com/rest' });
  });
}

async function handle(world: World, operation: Operation, request: FastifyRequest, reply: FastifyReply) {
  const route = `${operation.method} ${operation.path}`;
  world.counts.total += 1;
  world.counts.byRoute[route] = (world.counts.byRoute[route] ?? 0) + 1;
  const answer = await respond(world, operation, request);
  if (answer === 'drop') {
    reply.hijack();
    request.raw.socket.destroy();
    return;
  }
  void reply
    .code(answer.status)
    .headers({
      'content-type': 'application/json; charset=utf-8',
      vary: 'Accept, Authorization',
      ...answer.headers,
    })
    .header('x-github-request-id', randomBytes(10).toString('hex').toUpperCase())
    .send(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}

/** The answer as it leaves: worked out, spoilt where a fault says so, counted, and held to GitHub's description. */
async function respond(
  world: World,
  operation: Operation,
  request: FastifyRequest,
): Promise<Answer | 'drop'> {
  const before = await injectBefore(world.faults, operation);
  if (before === 'drop') return before;
  const identity = attempt(() => world.authenticator.identify(operation, request.headers.authorization));
  const worked = () => {
    const answer =
      identity instanceof GithubError ? identity : attempt(() => work(world, operation, request, identity));
    return answer instanceof GithubError ? answer.answer(operation.documentationUrl) : answer;
  };
  const answer = before ?? worked();
  const after = before ? undefined : injectAfter(world.faults, operation);
  if (after === 'drop') return after;
  const final = after ?? answer;
  return check(
    world,
    operation,
    identity instanceof GithubError ? final : settle(world, operation, request, final, identity),
  );
}

function work(world: World, operation: Operation, request: FastifyRequest, identity: Identity): Answer {
  const bucket = bucketOf(operation.id);
  if (bucket) world.rateLimits.check(identity, bucket);
  world.secondaryLimits?.spend(operation.method);
  const params = request.params as Record<string, string>;
  const url = new URL(request.url, world.site.apiUrl);
  const body = parseBody(request.body);
  const query = request.query as Record<string, string>;
  const errors = world.contract.checkRequest(operation, { path: params, query, body });
  if (errors.length > 0) throw refuse(operation, errors);
  const { owner, repo } = world.site;
  const elsewhere =
    (params.owner ?? params.org ?? owner).toLowerCase() !== owner.toLowerCase() ||
    (params.repo ?? repo).toLowerCase() !== repo.toLowerCase();
  if (elsewhere) throw new GithubError(404, 'Not Found');
  return operations[operation.id](world, { identity, params, url, body });
}

/** GitHub answers such a request with 422 where it has that; elsewhere it is a fault of the client's that must show. */
function refuse(operation: Operation, errors: string[]): GithubError {
  const status = 422 in operation.answers ? 422 : 500;
  return new GithubError(status, `Invalid request.\n\n${errors.join('\n')}`);
}

/** Counts the request, and turns an answer that the asker has already into a 304, which costs nothing. */
function settle(
  world: World,
  operation: Operation,
  request: FastifyRequest,
  answer: Answer,
  identity: Identity,
) {
  const { counts, rateLimits } = world;
  const bucket = bucketOf(operation.id);
  const headers = { ...answer.headers };
  let { status, body } = answer;
  if (operation.method === 'GET' && status === 200) {
    // Over the token too: another token of the same person gets another ETag, as on GitHub.
    const digest = createHash('sha256').update(JSON.stringify([identity.token, body, answer.headers]));
    headers.etag = `W/"${digest.digest('hex')}"`;
    headers['cache-control'] = 'private, max-age=60, s-maxage=60';
    if (request.headers['if-none-match'] === headers.etag) {
      status = 304;
      body = undefined;
      counts.notModified304 += 1;
    }
  }
  if (bucket && status !== 304) {
    rateLimits.count(identity, bucket);
    counts.counted[bucket] = (counts.counted[bucket] ?? 0) + 1;
  }
  const limits = rateLimits.headers(identity, bucket ?? 'core');
  return { status, body, headers: { ...limits, ...headers } };
}

function check(world: World, operation: Operation, answer: Answer): Answer {
  const errors = world.contract.checkAnswer(operation, answer);
  if (errors.length === 0) return answer;
  return {
    status: 500,
    body: { message: `GitHub's description does not allow this answer: ${errors.join('; ')}` },
  };
}

function parseBody(text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new GithubError(400, 'Problems parsing JSON');
  }
}

function attempt<T>(act: () => T): T | GithubError {
  try {
    return act();
  } catch (error) {
    if (error instanceof GithubError) return error;
    throw error;
  }
}
