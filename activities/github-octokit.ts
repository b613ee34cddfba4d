import { createPrivateKey } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { Hooks } from '@octokit/core/types';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import Bottleneck from 'bottleneck';
import type { GithubBudget } from './github-budget.js';
import { answeredStatus } from './github-errors.js';
import { createGithubFetch, isFree } from './github-fetch.js';
import { secretFile, tokenFault } from './github-secret-file.js';

/** A personal access token, or a GitHub App with its private key (PEM). Files are read again when they change. */
export type GithubAuth =
  { tokenFile: string } | { appId: string | number; installationId: string | number; privateKeyFile: string };

/** Where Octokit's own notices go. They name routes and times, never a header or a body. */
export interface GithubLog {
  debug(message: string): void;
  warn(message: string): void;
}

export interface SenderOptions {
  /** E.g. https://api.github.com. */
  apiUrl: string;
  auth: GithubAuth;
  budget: GithubBudget;
  userAgent: string;
  log: GithubLog;
  /** Longest wait for one answer. */
  timeoutMs: number;
}

/**
 * Writes that may leave at once, and how many a minute come on top. GitHub allows 900 points a minute for an
 * endpoint, a write costs 5: 180 writes. Two hosts of one token stay below, unless both spend a whole burst in the
 * same minute. The plugin's own pace of one write a second would make a pool of seven wait for 7 s.
 */
const writeBurst = 60;
const writesPerMinute = 60;
/** How often Bottleneck refills; its timer has no finer step. */
const refillMs = 5_000;
const writeLimits = {
  reservoir: writeBurst,
  reservoirIncreaseMaximum: writeBurst,
  reservoirIncreaseInterval: refillMs,
  reservoirIncreaseAmount: (writesPerMinute * refillMs) / 60_000,
};

/** Calls after the first, 0.25 s and 1 s later. What GitHub means as an answer is none to ask for again. */
const retries = 2;
const doNotRetry = [400, 401, 403, 404, 409, 410, 422, 429, 451];

const PoolOctokit = Octokit.plugin(retry, throttling);
let clients = 0;

/** Sends one request, e.g. `GET /rate_limit`; throws Octokit's RequestError, or ours from before it is sent. */
export type SendRequest = (
  route: string,
  parameters: Record<string, unknown>,
) => Promise<{ status: number; data: unknown }>;

/** Octokit with the pool's authentication, rate limits, retries and ETags. The one file that imports Octokit. */
export function createRequestSender({
  apiUrl,
  auth,
  budget,
  userAgent,
  log,
  timeoutMs,
}: SenderOptions): SendRequest {
  clients += 1;
  const notices = {
    debug: (message: string) => log.debug(message),
    info: (message: string) => log.debug(message),
    warn: (message: string) => log.warn(message),
    error: (message: string) => log.warn(message),
  };
  const octokit: Octokit = new PoolOctokit({
    baseUrl: apiUrl,
    userAgent,
    log: notices,
    request: { fetch: createGithubFetch({ budget, timeoutMs }), log: notices },
    // Octokit puts an authentication strategy's hook next to the wire, inside of retry and throttling: what waited
    // in their queues is checked against the budget as it leaves, not as it came.
    authStrategy: () => ({
      hook: async (request: Send, options: RequestOptions) => {
        budget.check(bucketOf(options.url));
        options.headers['accept'] = 'application/vnd.github+json';
        options.headers['x-github-api-version'] = '2022-11-28';
        // An App's request for its token brings its own authorization.
        if (options.headers['authorization']) return request(options);
        return sendAuthorized(tokens, request, options);
      },
    }),
    retry: { retries, retryAfterBaseValue: 250, doNotRetry },
    throttle: {
      // The plugin shares its queues among all clients of one id.
      id: `client-${clients}`,
      write: new Bottleneck.Group(writeLimits),
      // The budget makes the caller wait, which can take a minute or an hour: not here, in the middle of a call.
      onRateLimit: () => false,
      onSecondaryRateLimit: () => false,
    },
  });
  const tokens =
    'tokenFile' in auth ? secretFile(auth.tokenFile, 'GitHub token', tokenFault) : appTokens(auth, octokit);
  return (route, parameters) => {
    // Each call has a `request` of its own: the plugin counts retries in it, and would go on from call to call. Only
    // a POST names its retries: the plugin takes a number above 0 for a wish to retry even a 404. A POST that seemed
    // to fail may have registered the runner, so there are none.
    const request = route.startsWith('POST') ? { retries: 0 } : {};
    return octokit.request(route, { ...parameters, request });
  };
}

type TokenSource = (options?: { afresh?: boolean }) => Promise<string>;
type RequestOptions = Hooks['request']['Options'];
type Send = (options: RequestOptions) => Promise<unknown>;

/** A refused token may have been rotated or revoked since it was read: asks once more with the newest, if it is another. */
async function sendAuthorized(tokens: TokenSource, request: Send, options: RequestOptions) {
  const token = await tokens();
  const send = (bearer: string) =>
    request({ ...options, headers: { ...options.headers, authorization: `Bearer ${bearer}` } });
  return send(token).catch(async (error: unknown) => {
    if (answeredStatus(error) !== 401) throw error;
    const newest = await tokens({ afresh: true });
    if (newest === token) throw error;
    return send(newest);
  });
}

/** Installation tokens of a GitHub App; they last for an hour and are renewed a minute before. */
function appTokens(
  { appId, installationId, privateKeyFile }: Exclude<GithubAuth, { tokenFile: string }>,
  octokit: Octokit,
): TokenSource {
  const privateKeyOf = secretFile(privateKeyFile, "GitHub App's private key", keyFault);
  let app: { privateKey: string; auth: ReturnType<typeof createAppAuth> } | undefined;
  return async ({ afresh = false } = {}) => {
    const privateKey = await privateKeyOf();
    if (app?.privateKey !== privateKey) {
      app = {
        privateKey,
        auth: createAppAuth({ appId, installationId, privateKey, request: octokit.request }),
      };
    }
    return (await app.auth({ type: 'installation', refresh: afresh })).token;
  };
}

function keyFault(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa' ? undefined : 'holds a key that is not RSA';
  } catch {
    return 'holds no private key in PEM format';
  }
}

function bucketOf(url: string) {
  if (isFree(url)) return 'free';
  return url.endsWith('/generate-jitconfig') ? 'actions_runner_registration' : 'core';
}
