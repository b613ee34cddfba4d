import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { GithubClientOptions } from '../activities/github-client.js';
import type { PoolConfig } from '../workflows/model.js';
import { fields, schema, type Variables } from './config-fields.js';

/** All that the worker is told from outside. */
export interface WorkerConfig {
  pool: PoolConfig;
  github: Pick<GithubClientOptions, 'apiUrl' | 'scope' | 'auth'>;
  nixosContainer: string;
  runtimeDir: string;
  confDir: string;
  rootDir: string;
  stateDir: string;
  logDir: string;
  logMaxAgeMs: number;
  logMaxBytes: number;
  privateUsers: 'pick' | 'no';
  extraNspawnFlags: string[];
  minFreeBytes: number;
  httpAddress: string;
  httpPort: number;
  logLevel: Variables['LOG_LEVEL'];
}

/** Exit code for a configuration that can't work (EX_CONFIG of sysexits.h): systemd need not try again. */
export const configExitCode = 78;

/** Every fault of a configuration, a sentence each. */
export class ConfigFaults extends Error {
  constructor(readonly faults: string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigFaults';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration from environment variables; an empty one counts as not set. Throws ConfigFaults with all of them. */
export function readConfig(environment: Environment = process.env): WorkerConfig {
  const given = Object.fromEntries(
    Object.keys(fields).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const parsed = schema.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => sentence(issue, given));
  faults.push(...identityFaults(given));
  if (parsed.success) faults.push(...sizeFaults(parsed.data), ...fileFaults(parsed.data));
  if (!parsed.success || faults.length > 0) throw new ConfigFaults(faults);
  return fromVariables(parsed.data);
}

function sentence(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0]);
  if (!(name in given)) return `${name} is not set: it ${purposes[name] ?? 'is needed'}.`;
  return `${name} is ${JSON.stringify(given[name])} but ${issue.message}.`;
}

const purposes: Record<string, string> = {
  CONTAINER_SYSTEM: 'is the path of the built container system (the NixOS module sets it)',
};

/** Which repository or organisation, and by which credential: one of each. */
function identityFaults(given: Record<string, unknown>): string[] {
  const has = (name: string) => given[name] !== undefined;
  const faults: string[] = [];
  if (!has('GITHUB_REPO') && !has('GITHUB_ORG')) {
    faults.push('GITHUB_REPO is not set: name the repository as owner/repository, or an organisation in GITHUB_ORG.');
  }
  if (has('GITHUB_REPO') && has('GITHUB_ORG')) faults.push('GITHUB_REPO and GITHUB_ORG are both set: keep one of them.');
  const app = ['GITHUB_APP_ID', 'GITHUB_APP_INSTALLATION_ID', 'GITHUB_APP_PRIVATE_KEY_FILE'];
  const missing = app.filter((name) => !has(name));
  if (missing.length === app.length) {
    if (!has('GITHUB_TOKEN_FILE')) {
      faults.push('GITHUB_TOKEN_FILE is not set: it is the path of the file with the GitHub token (or configure a GitHub App).');
    }
  } else {
    if (missing.length > 0) faults.push(`${missing.join(' and ')} must be set too: a GitHub App needs ${app.join(', ')}.`);
    if (has('GITHUB_TOKEN_FILE')) faults.push('GITHUB_TOKEN_FILE and GITHUB_APP_ID are both set: keep one of them.');
  }
  return faults;
}

function sizeFaults({ WARM_RUNNERS, MAX_CONCURRENT }: Variables): string[] {
  if (WARM_RUNNERS === undefined || WARM_RUNNERS <= MAX_CONCURRENT) return [];
  return [`WARM_RUNNERS is ${WARM_RUNNERS} but must not be more than MAX_CONCURRENT (${MAX_CONCURRENT}).`];
}

function fileFaults(variables: Variables): string[] {
  const { GITHUB_TOKEN_FILE, GITHUB_APP_PRIVATE_KEY_FILE, CONTAINER_SYSTEM, NIXOS_CONTAINER } = variables;
  return [
    ...secretFaults('GITHUB_TOKEN_FILE', GITHUB_TOKEN_FILE),
    ...secretFaults('GITHUB_APP_PRIVATE_KEY_FILE', GITHUB_APP_PRIVATE_KEY_FILE),
    ...accessFaults('CONTAINER_SYSTEM', CONTAINER_SYSTEM, constants.R_OK, 'build the host configuration again'),
    ...accessFaults('NIXOS_CONTAINER', NIXOS_CONTAINER, constants.X_OK, 'set boot.enableContainers, or name the program'),
  ];
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
    if (!statSync(path).isFile()) return [`${name} is ${path}, which is not a file: name the file that holds the secret.`];
    if (readFileSync(path, 'utf8').trim() === '') return [`${name} is ${path}, which is empty: write the secret into it.`];
    return [];
  } catch (error) {
    return [`${name} is ${path}, which can't be read (${codeOf(error)}): make it, readable by this service only.`];
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function fromVariables(v: Variables): WorkerConfig {
  return {
    pool: {
      host: v.RUNNER_HOST,
      repository: v.GITHUB_REPO ?? v.GITHUB_ORG ?? '',
      labels: v.RUNNER_LABELS,
      maxConcurrentJobs: v.MAX_CONCURRENT,
      warmRunners: v.WARM_RUNNERS ?? v.MAX_CONCURRENT,
      standbyContainers: v.STANDBY_CONTAINERS,
      pollIntervalMs: v.POLL_INTERVAL,
      jobTimeoutMs: v.JOB_TIMEOUT,
      runnerStartupTimeoutMs: v.RUNNER_STARTUP_TIMEOUT,
      containerSystem: v.CONTAINER_SYSTEM,
      githubServerUrl: v.GITHUB_SERVER_URL.replace(/\/$/, ''),
    },
    github: { apiUrl: v.GITHUB_API_URL.replace(/\/$/, ''), scope: scopeOf(v), auth: authOf(v) },
    nixosContainer: v.NIXOS_CONTAINER,
    runtimeDir: v.RUNTIME_DIR,
    confDir: v.CONTAINER_CONF_DIR,
    rootDir: v.CONTAINER_ROOT_DIR,
    stateDir: v.STATE_DIR,
    logDir: v.LOG_DIR,
    logMaxAgeMs: v.LOG_MAX_AGE,
    logMaxBytes: v.LOG_MAX_SIZE,
    privateUsers: v.PRIVATE_USERS,
    extraNspawnFlags: v.EXTRA_NSPAWN_FLAGS,
    minFreeBytes: v.MIN_FREE_DISK,
    httpAddress: v.HTTP_ADDRESS,
    httpPort: v.HTTP_PORT,
    logLevel: v.LOG_LEVEL,
  };
}

function scopeOf(v: Variables): WorkerConfig['github']['scope'] {
  if (v.GITHUB_REPO !== undefined) return { repository: v.GITHUB_REPO };
  return { organisation: v.GITHUB_ORG ?? '', runnerGroupId: v.GITHUB_RUNNER_GROUP_ID };
}

function authOf(v: Variables): WorkerConfig['github']['auth'] {
  if (v.GITHUB_TOKEN_FILE !== undefined) return { tokenFile: v.GITHUB_TOKEN_FILE };
  return {
    appId: v.GITHUB_APP_ID ?? 0,
    installationId: v.GITHUB_APP_INSTALLATION_ID ?? 0,
    privateKeyFile: v.GITHUB_APP_PRIVATE_KEY_FILE ?? '',
  };
}
