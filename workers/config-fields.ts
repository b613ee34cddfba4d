import { hostname } from 'node:os';
import { z } from 'zod';

/** A whole number; `unit` as in “of seconds”. */
const integer = (min: number, max: number, unit: string) =>
  z
    .string()
    .regex(/^\d+$/, { error: `must be a whole number${unit}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, {
      error: `must be from ${min} to ${max}${unit.replace(' of', '')}`,
    });

const seconds = (min: number, max: number) =>
  integer(min, max, ' of seconds').transform((value) => value * 1000);
const decimalSeconds = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, { error: 'must be a number of seconds' })
    .transform((value) => Math.round(Number(value) * 1000))
    .refine((ms) => ms >= min * 1000 && ms <= max * 1000, { error: `must be from ${min} to ${max} seconds` });

const path = z.string().regex(/^\/[^\0]*$/, { error: 'must be an absolute path' });
const webAddress = z.url({
  protocol: /^https?$/,
  error: 'must be a web address, e.g. https://api.github.com',
});

const labels = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((label) => label.trim())
      .filter(Boolean),
  )
  .refine((list) => list.length >= 1 && list.length <= 100, {
    error: 'must be 1 to 100 labels, separated by commas',
  })
  .refine((list) => list.every((label) => label.length <= 256), {
    error: 'must have no label of more than 256 characters',
  })
  .refine((list) => new Set(list.map((label) => label.toLowerCase())).size === list.length, {
    error: 'must not name a label twice',
  });

// A runner's name is `<host>-<container name>`, at most 64 characters on GitHub.
const host = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/i, {
  error: 'must be a host name of at most 48 letters, digits and hyphens',
});

const id = integer(1, Number.MAX_SAFE_INTEGER, '');

/** Every environment variable of the worker. Without a default it is optional here; `config.ts` knows when it is not. */
const fields = {
  GITHUB_REPO: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, { error: 'must be owner/repository, e.g. cashubtc/cdk' })
    .optional(),
  GITHUB_ORG: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'must be the name of an organisation' })
    .optional(),
  GITHUB_RUNNER_GROUP_ID: id.default(1),
  GITHUB_TOKEN_FILE: path.optional(),
  GITHUB_APP_ID: id.optional(),
  GITHUB_APP_INSTALLATION_ID: id.optional(),
  GITHUB_APP_PRIVATE_KEY_FILE: path.optional(),
  GITHUB_API_URL: webAddress.default('https://api.github.com'),
  GITHUB_SERVER_URL: webAddress.default('https://github.com'),
  RUNNER_HOST: host.default(hostname()),
  RUNNER_LABELS: labels.default(['self-hosted', 'ci', 'nix', 'x64', 'Linux']),
  MAX_CONCURRENT: integer(1, 200, '').default(7),
  WARM_RUNNERS: integer(0, 200, '').optional(),
  STANDBY_CONTAINERS: integer(0, 200, '').default(1),
  POLL_INTERVAL: decimalSeconds(0.05, 3600).default(10_000),
  JOB_TIMEOUT: seconds(1, 5 * 86_400).default(7_200_000),
  RUNNER_STARTUP_TIMEOUT: seconds(1, 86_400).default(600_000),
  CONTAINER_SYSTEM: path,
  NIXOS_CONTAINER: path.default('/run/current-system/sw/bin/nixos-container'),
  RUNTIME_DIR: path.default('/run/runner-controller'),
  CONTAINER_CONF_DIR: path.default('/etc/nixos-containers'),
  CONTAINER_ROOT_DIR: path.default('/var/lib/nixos-containers'),
  STATE_DIR: path.default('/var/lib/runner-controller'),
  LOG_DIR: path.default('/var/log/runner-controller'),
  LOG_MAX_AGE: integer(1, 3650, ' of days')
    .transform((days) => days * 86_400_000)
    .default(14 * 86_400_000),
  LOG_MAX_SIZE: integer(1, 1_000_000, ' of MiB')
    .transform((mib) => mib * 2 ** 20)
    .default(1024 * 2 ** 20),
  PRIVATE_USERS: z.enum(['pick', 'no'], { error: 'must be pick or no' }).default('pick'),
  EXTRA_NSPAWN_FLAGS: z
    .string()
    .transform((value) => value.split(/\s+/).filter(Boolean))
    .default([]),
  MIN_FREE_DISK: integer(0, Number.MAX_SAFE_INTEGER, ' of bytes').default(10 * 2 ** 30),
  OUT_SIZE: integer(0, Number.MAX_SAFE_INTEGER, ' of bytes').default(0),
  RUNNER_UID: integer(1, 65_533, '').default(1000),
  HTTP_ADDRESS: z
    .union([z.ipv4(), z.ipv6(), z.literal('localhost')], { error: 'must be an IP address' })
    .default('127.0.0.1'),
  HTTP_PORT: integer(0, 65_535, '').default(8080),
  TEMPORAL_METRICS_PORT: integer(1, 65_535, '').optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'], { error: 'must be trace, debug, info, warn or error' })
    .default('info'),
};

export const schema = z.object(fields);
export type Variables = z.infer<typeof schema>;
