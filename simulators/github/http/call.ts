import type { Identity } from './authenticator.js';

/** A request that GitHub's description allows and whose asker is known. */
export interface Call {
  identity: Identity;
  params: Record<string, string>;
  url: URL;
  body: unknown;
}
