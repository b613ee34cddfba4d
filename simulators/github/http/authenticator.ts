import { randomBytes, verify } from 'node:crypto';
import type { Operation } from '../contract/contract.js';
import type { Faults } from '../state/faults.js';
import { GithubError } from './github-error.js';

/** A GitHub App that is installed on the repository. */
export interface AppOptions {
  appId: number;
  installationId: number;
  /** PEM of the public half of its key. */
  publicKey: string;
  /** How long an installation token lives; an hour unless told. */
  tokenLifeMs?: number;
}

/** Who asks, and whose rate limit it costs. */
export interface Identity {
  account: string;
  token: string;
}

/** Decides who asks, from the `authorization` header. */
export class Authenticator {
  readonly #installationTokens = new Map<string, number>();

  constructor(
    private readonly tokens: readonly string[],
    private readonly app: AppOptions | undefined,
    private readonly faults: Faults,
  ) {}

  /** The asker; a GithubError 401 when it may not ask. */
  identify(operation: Operation, authorization: string | undefined): Identity {
    const [scheme = '', token = ''] = (authorization ?? '').split(' ');
    if (!['bearer', 'token'].includes(scheme.toLowerCase()) || token === '') {
      throw new GithubError(401, 'Requires authentication');
    }
    if (operation.id.startsWith('apps/')) return this.#identifyApp(token);
    if (this.faults.find('token-refused', (fault) => (fault.token ?? token) === token)) {
      throw new GithubError(401, 'Bad credentials');
    }
    // A person's tokens share one budget; an installation has its own.
    if (this.tokens.includes(token)) return { account: 'user', token };
    if ((this.#installationTokens.get(token) ?? 0) > Date.now()) return { account: 'installation', token };
    throw new GithubError(401, 'Bad credentials');
  }

  issueInstallationToken(): { token: string; expiresAt: number } {
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    const expiresAt = Date.now() + (this.app?.tokenLifeMs ?? 3_600_000);
    this.#installationTokens.set(token, expiresAt);
    return { token, expiresAt };
  }

  #identifyApp(jwt: string): Identity {
    const undecodable = new GithubError(401, 'A JSON web token could not be decoded');
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    if (!this.app || signature === '') throw undecodable;
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify('RSA-SHA256', signed, this.app.publicKey, Buffer.from(signature, 'base64url')))
      throw undecodable;
    const { alg } = decode(header) as { alg?: string };
    const { iss, iat, exp } = decode(payload) as { iss?: unknown; iat?: number; exp?: number };
    const now = Date.now() / 1000;
    if (alg !== 'RS256' || String(iss) !== String(this.app.appId)) throw undecodable;
    if (!exp || exp < now)
      throw new GithubError(401, "'Expiration time' claim ('exp') must be a numeric value");
    if (exp > now + 600)
      throw new GithubError(401, "'Expiration time' claim ('exp') is too far in the future");
    if (!iat || iat > now)
      throw new GithubError(401, "'Issued at' claim ('iat') must be an Integer in the past");
    return { account: 'app', token: jwt };
  }
}

const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
