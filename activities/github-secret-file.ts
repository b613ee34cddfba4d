import { readFile, stat } from 'node:fs/promises';
import { failure } from '../workflows/failures.js';

/** Reads the secret; `afresh` looks into the file even when it seems unchanged. Error: ConfigInvalid. */
export type SecretReader = (options?: { afresh?: boolean }) => Promise<string>;

/**
 * A secret that is kept in a file, read again whenever the file changes, so that a rotation needs no restart.
 * @param what the secret's name in sentences, e.g. `GitHub token`
 * @param fault says what is wrong with the (trimmed, not empty) content, without repeating any of it
 */
export function secretFile(
  path: string,
  what: string,
  fault: (secret: string) => string | undefined,
): SecretReader {
  let known: { version: string; secret: string } | undefined;
  return async ({ afresh = false } = {}) => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      // A secret manager replaces the file or the link to it: the inode changes even when time and size do not.
      const version = `${mtimeMs}/${size}/${ino}`;
      if (known?.version === version && !afresh) return known.secret;
      const secret = (await readFile(path, 'utf8')).trim();
      const wrong = secret === '' ? 'is empty' : fault(secret);
      if (wrong) throw failure('ConfigInvalid', `The ${what} file ${path} ${wrong}.`);
      known = { version, secret };
      return secret;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (typeof code !== 'string') throw error;
      throw failure(
        'ConfigInvalid',
        `The ${what} file ${path} ${reasons[code] ?? `can't be read (${code})`}.`,
      );
    }
  };
}

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: "can't be read by this user",
  EISDIR: 'is a directory',
};

/** A token is one word of printable ASCII; anything else is a paste that went wrong, and no HTTP header either. */
export const tokenFault = (token: string) =>
  /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : 'holds more than one token (a space, a line break or a strange character)';
