import type { z } from 'zod';
import type { GithubClientOptions } from '../activities/github-client.js';
import type { PoolConfig } from '../workflows/model.js';
import {
  ConfigFaults,
  credentialFaults,
  identityFaults,
  programFaults,
  sizeFaults,
  systemFaults,
  variableFault,
} from './config-faults.js';
import { schema, type Variables } from './config-fields.js';

export { ConfigFaults } from './config-faults.js';

/** Where a host keeps what belongs to its containers, and how they are run. */
export interface HostConfig {
  nixosContainer: string;
  runtimeDir: string;
  confDir: string;
  rootDir: string;
  logDir: string;
  privateUsers: 'pick' | 'no';
  extraNspawnFlags: string[];
  minFreeBytes: number;
  outBytes: number;
}

/** Which repository or organisation, where, and by which credential. */
export type GithubConfig = Pick<GithubClientOptions, 'apiUrl' | 'scope' | 'auth'>;

/** All that the worker is told from outside. */
export interface WorkerConfig extends HostConfig {
  pool: PoolConfig;
  github: GithubConfig;
  stateDir: string;
  logMaxAgeMs: number;
  logMaxBytes: number;
  httpAddress: string;
  httpPort: number;
  /** Where the SDK of Temporal shows its own metrics; null for nowhere. */
  temporalMetricsAddress: string | null;
  logLevel: Variables['LOG_LEVEL'];
}

/** Exit code for a configuration that can't work (EX_CONFIG of sysexits.h): systemd need not try again. */
export const configExitCode = 78;

type Environment = Readonly<Record<string, string | undefined>>;
type Given = Record<string, unknown>;

/** Reads the configuration from environment variables; an empty one counts as not set. Throws ConfigFaults with all of them. */
export function readConfig(environment: Environment = process.env): WorkerConfig {
  const inValues = (v: Variables) => [
    ...sizeFaults(v),
    ...credentialFaults(v),
    ...systemFaults(v),
    ...programFaults(v),
  ];
  return fromVariables(read(schema, environment, { inGiven: identityFaults, inValues }));
}

/** The host whose pool is meant: RUNNER_HOST, or this machine. For commands that need no more. Error: ConfigFaults. */
export function readHostName(environment: Environment = process.env): string {
  return read(hostNameVariables, environment).RUNNER_HOST;
}

/** For commands that talk to GitHub. Error: ConfigFaults. */
export function readGithubConfig(environment: Environment = process.env): GithubConfig {
  return githubFrom(
    read(githubVariables, environment, { inGiven: identityFaults, inValues: credentialFaults }),
  );
}

/** For commands that look at this machine; whether NIXOS_CONTAINER is there shows when it is used. Error: ConfigFaults. */
export function readHostConfig(environment: Environment = process.env): HostConfig {
  return hostFrom(read(hostVariables, environment));
}

const hostNameVariables = schema.pick({ RUNNER_HOST: true });

const githubVariables = schema.pick({
  GITHUB_REPO: true,
  GITHUB_ORG: true,
  GITHUB_RUNNER_GROUP_ID: true,
  GITHUB_TOKEN_FILE: true,
  GITHUB_APP_ID: true,
  GITHUB_APP_INSTALLATION_ID: true,
  GITHUB_APP_PRIVATE_KEY_FILE: true,
  GITHUB_API_URL: true,
});

const hostVariables = schema.pick({
  NIXOS_CONTAINER: true,
  RUNTIME_DIR: true,
  CONTAINER_CONF_DIR: true,
  CONTAINER_ROOT_DIR: true,
  LOG_DIR: true,
  PRIVATE_USERS: true,
  EXTRA_NSPAWN_FLAGS: true,
  MIN_FREE_DISK: true,
  OUT_SIZE: true,
});

interface Checks<T> {
  /** Looks at what is set, well-formed or not. */
  inGiven?: (given: Given) => string[];
  /** Looks further once every variable is well-formed. */
  inValues?: (values: T) => string[];
}

function read<T extends z.ZodObject>(
  variables: T,
  environment: Environment,
  checks: Checks<z.infer<T>> = {},
): z.infer<T> {
  const names = Object.keys(variables.shape);
  const given: Given = Object.fromEntries(
    names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const parsed = variables.safeParse(given);
  const faults = [
    ...(parsed.error?.issues.map((issue) => variableFault(issue, given)) ?? []),
    ...(checks.inGiven?.(given) ?? []),
    ...((parsed.success && checks.inValues?.(parsed.data)) || []),
  ];
  if (!parsed.success || faults.length > 0) throw new ConfigFaults(faults);
  return parsed.data;
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
    github: githubFrom(v),
    ...hostFrom(v),
    stateDir: v.STATE_DIR,
    logMaxAgeMs: v.LOG_MAX_AGE,
    logMaxBytes: v.LOG_MAX_SIZE,
    httpAddress: v.HTTP_ADDRESS,
    httpPort: v.HTTP_PORT,
    temporalMetricsAddress: v.TEMPORAL_METRICS_PORT
      ? authority(v.HTTP_ADDRESS, v.TEMPORAL_METRICS_PORT)
      : null,
    logLevel: v.LOG_LEVEL,
  };
}

const authority = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function hostFrom(v: z.infer<typeof hostVariables>): HostConfig {
  return {
    nixosContainer: v.NIXOS_CONTAINER,
    runtimeDir: v.RUNTIME_DIR,
    confDir: v.CONTAINER_CONF_DIR,
    rootDir: v.CONTAINER_ROOT_DIR,
    logDir: v.LOG_DIR,
    privateUsers: v.PRIVATE_USERS,
    extraNspawnFlags: v.EXTRA_NSPAWN_FLAGS,
    minFreeBytes: v.MIN_FREE_DISK,
    outBytes: v.OUT_SIZE,
  };
}

type GithubVariables = z.infer<typeof githubVariables>;

function githubFrom(v: GithubVariables): GithubConfig {
  return { apiUrl: v.GITHUB_API_URL.replace(/\/$/, ''), scope: scopeOf(v), auth: authOf(v) };
}

function scopeOf(v: GithubVariables): GithubConfig['scope'] {
  if (v.GITHUB_REPO !== undefined) return { repository: v.GITHUB_REPO };
  return { organisation: v.GITHUB_ORG ?? '', runnerGroupId: v.GITHUB_RUNNER_GROUP_ID };
}

function authOf(v: GithubVariables): GithubConfig['auth'] {
  if (v.GITHUB_TOKEN_FILE !== undefined) return { tokenFile: v.GITHUB_TOKEN_FILE };
  return {
    appId: v.GITHUB_APP_ID ?? 0,
    installationId: v.GITHUB_APP_INSTALLATION_ID ?? 0,
    privateKeyFile: v.GITHUB_APP_PRIVATE_KEY_FILE ?? '',
  };
}
