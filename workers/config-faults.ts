import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import type { Variables } from './config-fields.js';

/** Every fault of a configuration, a sentence each. */
export class ConfigFaults extends Error {
  constructor(readonly faults: string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigFaults';
  }
}

const purposes: Record<string, string> = {
  CONTAINER_SYSTEM: 'is the path of the built container system (the NixOS module sets it)',
};

/** What zod found wrong with a variable. */
export function variableFault(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0]);
  if (!(name in given)) return `${name} is not set: it ${purposes[name] ?? 'is needed'}.`;
  // People set the secret itself where its file is meant; it must not end in a log.
  const value = secretFiles.includes(name) ? 'set' : JSON.stringify(given[name]);
  return `${name} is ${value} but ${issue.message}.`;
}

const secretFiles = ['GITHUB_TOKEN_FILE', 'GITHUB_APP_PRIVATE_KEY_FILE'];

/** Which repository or organisation, and by which credential: one of each. */
export function identityFaults(given: Record<string, unknown>): string[] {
  const has = (name: string) => given[name] !== undefined;
  const faults: string[] = [];
  if (!has('GITHUB_REPO') && !has('GITHUB_ORG')) {
    faults.push(
      'GITHUB_REPO is not set: name the repository as owner/repository, or an organisation in GITHUB_ORG.',
    );
  }
  if (has('GITHUB_REPO') && has('GITHUB_ORG'))
    faults.push('GITHUB_REPO and GITHUB_ORG are both set: keep one of them.');
  const app = ['GITHUB_APP_ID', 'GITHUB_APP_INSTALLATION_ID', 'GITHUB_APP_PRIVATE_KEY_FILE'];
  const missing = app.filter((name) => !has(name));
  if (missing.length === app.length) {
    if (!has('GITHUB_TOKEN_FILE')) {
      faults.push(
        'GITHUB_TOKEN_FILE is not set: it is the path of the file with the GitHub token (or configure a GitHub App).',
      );
    }
  } else {
    if (missing.length > 0)
      faults.push(`${missing.join(' and ')} must be set too: a GitHub App needs ${app.join(', ')}.`);
    if (has('GITHUB_TOKEN_FILE'))
      faults.push('GITHUB_TOKEN_FILE and GITHUB_APP_ID are both set: keep one of them.');
  }
  return faults;
}

export function sizeFaults({
  WARM_RUNNERS,
  MAX_CONCURRENT,
}: Pick<Variables, 'WARM_RUNNERS' | 'MAX_CONCURRENT'>): string[] {
  if (WARM_RUNNERS === undefined || WARM_RUNNERS <= MAX_CONCURRENT) return [];
  return [`WARM_RUNNERS is ${WARM_RUNNERS} but must not be more than MAX_CONCURRENT (${MAX_CONCURRENT}).`];
}

/** The file behind the credential, whichever it is. */
export function credentialFaults(
  variables: Pick<Variables, 'GITHUB_TOKEN_FILE' | 'GITHUB_APP_PRIVATE_KEY_FILE'>,
): string[] {
  return [
    ...secretFaults('GITHUB_TOKEN_FILE', variables.GITHUB_TOKEN_FILE),
    ...secretFaults('GITHUB_APP_PRIVATE_KEY_FILE', variables.GITHUB_APP_PRIVATE_KEY_FILE),
  ];
}

export function systemFaults({ CONTAINER_SYSTEM }: Pick<Variables, 'CONTAINER_SYSTEM'>): string[] {
  return accessFaults(
    'CONTAINER_SYSTEM',
    CONTAINER_SYSTEM,
    constants.R_OK,
    'build the host configuration again',
  );
}

export function programFaults({ NIXOS_CONTAINER }: Pick<Variables, 'NIXOS_CONTAINER'>): string[] {
  return accessFaults(
    'NIXOS_CONTAINER',
    NIXOS_CONTAINER,
    constants.X_OK,
    'set boot.enableContainers, or name the program',
  );
}

function accessFaults(name: string, path: string, mode: number, remedy: string): string[] {
  try {
    accessSync(path, mode);
    return [];
  } catch (error) {
    return [`${name} is ${path}, which can't be used (${codeOf(error)}): ${remedy}.`];
  }
}

function secretFaults(name: string, path: string | undefined): string[] {
  if (path === undefined) return [];
  try {
    if (!statSync(path).isFile())
      return [`${name} is ${path}, which is not a file: name the file that holds the secret.`];
    if (readFileSync(path, 'utf8').trim() === '')
      return [`${name} is ${path}, which is empty: write the secret into it.`];
    return [];
  } catch (error) {
    return [
      `${name} is ${path}, which can't be read (${codeOf(error)}): make it, readable by this service only.`,
    ];
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
