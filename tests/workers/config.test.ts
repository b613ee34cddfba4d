import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { ConfigFaults, readConfig } from '../../workers/config.js';

let directory: string;
let good: Record<string, string>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
  writeFileSync(join(directory, 'token'), 'ghp_x\n', { mode: 0o600 });
  writeFileSync(join(directory, 'empty'), '\n');
  writeFileSync(join(directory, 'program'), '', { mode: 0o755 });
  mkdirSync(join(directory, 'system'));
  good = {
    GITHUB_REPO: 'cashubtc/cdk',
    GITHUB_TOKEN_FILE: join(directory, 'token'),
    CONTAINER_SYSTEM: join(directory, 'system'),
    NIXOS_CONTAINER: join(directory, 'program'),
    RUNNER_HOST: 'cdk-runner-01',
  };
});

afterAll(() => rmSync(directory, { recursive: true }));

function faultsOf(changes: Record<string, string | undefined>): string[] {
  try {
    readConfig({ ...good, ...changes });
    return [];
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults.map((fault) => fault.replaceAll(directory, 'DIR'));
    throw error;
  }
}

test('has the defaults that the documentation names', () => {
  const { pool, github, ...rest } = readConfig(good);
  expect(pool).toEqual({
    host: 'cdk-runner-01',
    repository: 'cashubtc/cdk',
    labels: ['self-hosted', 'ci', 'nix', 'x64', 'Linux'],
    maxConcurrentJobs: 7,
    warmRunners: 7,
    standbyContainers: 1,
    pollIntervalMs: 10_000,
    jobTimeoutMs: 7_200_000,
    runnerStartupTimeoutMs: 600_000,
    containerSystem: join(directory, 'system'),
    githubServerUrl: 'https://github.com',
  });
  expect(github).toEqual({
    apiUrl: 'https://api.github.com',
    scope: { repository: 'cashubtc/cdk' },
    auth: { tokenFile: join(directory, 'token') },
  });
  expect(rest).toMatchObject({
    runtimeDir: '/run/runner-controller',
    confDir: '/etc/nixos-containers',
    rootDir: '/var/lib/nixos-containers',
    logDir: '/var/log/runner-controller',
    privateUsers: 'pick',
    httpAddress: '127.0.0.1',
    httpPort: 8080,
    temporalMetricsAddress: null,
  });
});

test.each([
  ['127.0.0.1', '127.0.0.1:8081'],
  ['::1', '[::1]:8081'],
])("shows the metrics of Temporal's SDK at the address %s too, once they have a port", (HTTP_ADDRESS, at) => {
  expect(readConfig({ ...good, HTTP_ADDRESS, TEMPORAL_METRICS_PORT: '8081' }).temporalMetricsAddress).toBe(
    at,
  );
});

test('takes an empty variable for one that is not set', () => {
  expect(readConfig({ ...good, MAX_CONCURRENT: '' }).pool.maxConcurrentJobs).toBe(7);
});

describe('a faulty variable is told in one sentence:', () => {
  test.each([
    ['GITHUB_REPO', 'cdk', 'GITHUB_REPO is "cdk" but must be owner/repository, e.g. cashubtc/cdk.'],
    ['MAX_CONCURRENT', 'seven', 'MAX_CONCURRENT is "seven" but must be a whole number.'],
    ['MAX_CONCURRENT', '0', 'MAX_CONCURRENT is "0" but must be from 1 to 200.'],
    ['WARM_RUNNERS', '8', 'WARM_RUNNERS is 8 but must not be more than MAX_CONCURRENT (7).'],
    ['STANDBY_CONTAINERS', '-1', 'STANDBY_CONTAINERS is "-1" but must be a whole number.'],
    ['POLL_INTERVAL', 'often', 'POLL_INTERVAL is "often" but must be a number of seconds.'],
    ['POLL_INTERVAL', '0', 'POLL_INTERVAL is "0" but must be from 0.05 to 3600 seconds.'],
    ['JOB_TIMEOUT', '2h', 'JOB_TIMEOUT is "2h" but must be a whole number of seconds.'],
    ['RUNNER_STARTUP_TIMEOUT', '0', 'RUNNER_STARTUP_TIMEOUT is "0" but must be from 1 to 86400 seconds.'],
    ['RUNNER_LABELS', ',', 'RUNNER_LABELS is "," but must be 1 to 100 labels, separated by commas.'],
    ['RUNNER_LABELS', 'a,A', 'RUNNER_LABELS is "a,A" but must not name a label twice.'],
    [
      'RUNNER_HOST',
      'a b',
      'RUNNER_HOST is "a b" but must be a host name of at most 48 letters, digits and hyphens.',
    ],
    [
      'GITHUB_API_URL',
      'github',
      'GITHUB_API_URL is "github" but must be a web address, e.g. https://api.github.com.',
    ],
    ['RUNTIME_DIR', 'run', 'RUNTIME_DIR is "run" but must be an absolute path.'],
    ['PRIVATE_USERS', 'yes', 'PRIVATE_USERS is "yes" but must be pick or no.'],
    ['HTTP_PORT', '70000', 'HTTP_PORT is "70000" but must be from 0 to 65535.'],
    ['HTTP_ADDRESS', 'here', 'HTTP_ADDRESS is "here" but must be an IP address.'],
    ['MIN_FREE_DISK', '10G', 'MIN_FREE_DISK is "10G" but must be a whole number of bytes.'],
    ['RUNNER_UID', '0', 'RUNNER_UID is "0" but must be from 1 to 65533.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud" but must be trace, debug, info, warn or error.'],
  ])('%s=%s', (name, value, sentence) => {
    expect(faultsOf({ [name]: value })).toEqual([sentence]);
  });
});

test('says what a missing, an empty or an unreadable secret needs', () => {
  const file = (name: string) => faultsOf({ GITHUB_TOKEN_FILE: join(directory, name) });
  expect([file('missing'), file('empty'), file('system')]).toEqual([
    [
      "GITHUB_TOKEN_FILE is DIR/missing, which can't be read (ENOENT): make it, readable by this service only.",
    ],
    ['GITHUB_TOKEN_FILE is DIR/empty, which is empty: write the secret into it.'],
    ['GITHUB_TOKEN_FILE is DIR/system, which is not a file: name the file that holds the secret.'],
  ]);
});

test('says so when the container system or nixos-container is not there', () => {
  expect(faultsOf({ CONTAINER_SYSTEM: '/nonexistent', NIXOS_CONTAINER: '/nonexistent' })).toEqual([
    "CONTAINER_SYSTEM is /nonexistent, which can't be used (ENOENT): build the host configuration again.",
    "NIXOS_CONTAINER is /nonexistent, which can't be used (ENOENT): set boot.enableContainers, or name the program.",
  ]);
});

test('wants one repository or organisation, and one credential', () => {
  expect(faultsOf({ GITHUB_ORG: 'cashubtc' })).toEqual([
    'GITHUB_REPO and GITHUB_ORG are both set: keep one of them.',
  ]);
  expect(faultsOf({ GITHUB_APP_ID: '1' })).toEqual([
    'GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY_FILE must be set too: a GitHub App needs GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID, GITHUB_APP_PRIVATE_KEY_FILE.',
    'GITHUB_TOKEN_FILE and GITHUB_APP_ID are both set: keep one of them.',
  ]);
});

test('tells all faults at once and ends with exit code 78, showing no secret', async () => {
  const { exitCode, stderr } = await execa(
    process.execPath,
    [join(projectFolder(), 'dist', 'workers', 'main.js')],
    {
      env: { MAX_CONCURRENT: 'x', JOB_TIMEOUT: 'y' },
      extendEnv: false,
      reject: false,
    },
  );
  expect({ exitCode, lines: stderr.split('\n') }).toEqual({
    exitCode: 78,
    lines: [
      'runner-controller: MAX_CONCURRENT is "x" but must be a whole number.',
      'runner-controller: JOB_TIMEOUT is "y" but must be a whole number of seconds.',
      'runner-controller: CONTAINER_SYSTEM is not set: it is the path of the built container system (the NixOS module sets it).',
      'runner-controller: GITHUB_REPO is not set: name the repository as owner/repository, or an organisation in GITHUB_ORG.',
      'runner-controller: GITHUB_TOKEN_FILE is not set: it is the path of the file with the GitHub token (or configure a GitHub App).',
    ],
  });
});
