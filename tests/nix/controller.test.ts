import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { readConfig } from '../../workers/config.js';
import { evaluate, hostWith, nixTest } from './nix.js';

describe('the controller module', () => {
  nixTest('lib', 'gives the worker its environment, without a secret in it', async () => {
    const { faults, config } = await evaluate(
      'host',
      hostWith('services.runner-controller.extraLabels = [ "fuzz-a" ];'),
    );
    expect(faults).toEqual([]);
    expect(config.systemd.services['runner-controller']?.environment).toEqual({
      CONTAINER_CONF_DIR: '/etc/nixos-containers',
      CONTAINER_ROOT_DIR: '/var/lib/nixos-containers',
      CONTAINER_SYSTEM: '/nix/store/00000000000000000000000000000000-container-system',
      EXTRA_NSPAWN_FLAGS: '--system-call-filter=@keyring --system-call-filter=bpf',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_REPO: 'cashubtc/cdk',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_TOKEN_FILE: '%d/GITHUB_TOKEN_FILE',
      HOME: '/var/lib/runner-controller',
      HTTP_ADDRESS: '127.0.0.1',
      HTTP_PORT: '8080',
      JOB_TIMEOUT: '7200',
      LOG_DIR: '/var/log/runner-controller',
      LOG_LEVEL: 'info',
      LOG_MAX_AGE: '14',
      LOG_MAX_SIZE: '1024',
      MAX_CONCURRENT: '7',
      MIN_FREE_DISK: '21474836480',
      NIXOS_CONTAINER: '/run/current-system/sw/bin/nixos-container',
      NIX_REMOTE: 'daemon',
      NODE_ENV: 'production',
      OUT_SIZE: '1048576',
      POLL_INTERVAL: '10',
      PRIVATE_USERS: 'pick',
      RUNNER_HOST: 'cdk-runner-01',
      RUNNER_LABELS: 'self-hosted,ci,nix,x64,Linux,fuzz-a',
      RUNNER_STARTUP_TIMEOUT: '600',
      RUNNER_UID: '1000',
      RUNTIME_DIR: '/run/runner-controller',
      STANDBY_CONTAINERS: '1',
      STATE_DIR: '/var/lib/runner-controller',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_METRICS_PORT: '8081',
      TEMPORAL_NAMESPACE: 'default',
    });
    expect(config.systemd.services['runner-controller']?.serviceConfig).toMatchObject({
      LoadCredential: ['GITHUB_TOKEN_FILE:/run/runner-token/github-token'],
    });
  });

  nixTest('lib', 'writes an environment that the worker takes, with every option set', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'controller-'));
    const file = join(directory, 'file');
    writeFileSync(file, 'not-a-secret\n', { mode: 0o700 });
    const { faults, config } = await evaluate(
      'host',
      withLib(
        hostWith(`services.runner-controller = {
        github.repository = lib.mkForce null;
        github.organisation = "cashubtc";
        github.runnerGroupId = 3;
        github.tokenFile = lib.mkForce null;
        github.app = { id = 12; installationId = 34; privateKeyFile = "/run/secrets/app.pem"; };
        maxConcurrentJobs = 6; warmRunners = 4; standbyContainers = 2; pollInterval = 5;
        container.userNamespaces = false;
        container.system = "${directory}";
        temporal = { address = "temporal.example:7233"; tls = { enable = true; certificateFile = "/run/c.pem"; keyFile = "/run/k.pem"; }; };
      };`),
      ),
    );
    expect(faults).toEqual([]);
    const environment = {
      ...config.systemd.services['runner-controller']?.environment,
      NIXOS_CONTAINER: file,
      GITHUB_APP_PRIVATE_KEY_FILE: file,
    };
    expect(readConfig(environment)).toMatchObject({
      pool: {
        host: 'cdk-runner-01',
        maxConcurrentJobs: 6,
        warmRunners: 4,
        standbyContainers: 2,
        pollIntervalMs: 5000,
      },
      github: {
        scope: { organisation: 'cashubtc', runnerGroupId: 3 },
        auth: { appId: 12, installationId: 34, privateKeyFile: file },
      },
      privateUsers: 'no',
    });
    expect(config.systemd.services['runner-controller']?.serviceConfig['LoadCredential']).toEqual([
      'GITHUB_APP_PRIVATE_KEY_FILE:/run/secrets/app.pem',
      'TEMPORAL_TLS_CLIENT_KEY_PATH:/run/k.pem',
    ]);
  });

  nixTest(
    'lib',
    "restarts the worker in one step on a deploy, and when a secret's content changes",
    async () => {
      const digests: string[] = [];
      for (const content of ['old', 'new']) {
        const file = join(mkdtempSync(join(tmpdir(), 'secret-')), 'github-runner.age');
        writeFileSync(file, content);
        const { config } = await evaluate(
          'host',
          hostWith(`age.secrets.token = { path = "/run/secrets/github-runner/token"; file = ${file}; };`),
        );
        const { serviceConfig, stopIfChanged, restartIfChanged, restartTriggers } =
          config.systemd.services['runner-controller']!;
        expect({ stopIfChanged, restartIfChanged }).toEqual({ stopIfChanged: false, restartIfChanged: true });
        expect(serviceConfig).toMatchObject({
          Restart: 'always',
          RestartSec: 10,
          RestartPreventExitStatus: 78,
        });
        digests.push(...restartTriggers);
      }
      expect(new Set(digests).size).toBe(2);
    },
  );

  const faulty: [title: string, settings: string, fault: RegExp][] = [
    [
      'neither repository nor organisation',
      'github.repository = lib.mkForce null;',
      /Set .*github.repository \(owner\/name\) or/,
    ],
    ['a token and an App', 'github.app.id = 1;', /tokenFile or github.app.id .*not both/],
    [
      'an App without its key',
      'github.tokenFile = lib.mkForce null; github.app.id = 1;',
      /needs id, installationId and/,
    ],
    [
      'a token in the store',
      'github.tokenFile = lib.mkForce "/nix/store/x-token";',
      /in the Nix store, which every job can read/,
    ],
    [
      'more warm runners than jobs',
      'warmRunners = 9;',
      /warmRunners \(9\) is more than maxConcurrentJobs \(7\)/,
    ],
    ['a label twice', 'extraLabels = [ "CI" ];', /name a label twice/],
    [
      'another machine without TLS',
      'temporal.address = "10.0.0.1:7233";',
      /\(10.0.0.1:7233\) is another machine and TLS is off/,
    ],
  ];
  for (const [title, settings, fault] of faulty) {
    nixTest('lib', `refuses ${title}, and says what to do`, async () => {
      const { faults } = await evaluate(
        'host',
        withLib(hostWith(`services.runner-controller = { ${settings} };`)),
      );
      expect(faults).toContainEqual(expect.stringMatching(fault));
    });
  }

  nixTest('lib', 'refuses a host name that a runner name has no room for, by its type', async () => {
    const settings = withLib(hostWith(`services.runner-controller.host = lib.mkForce "${'x'.repeat(49)}";`));
    await expect(evaluate('host', settings)).rejects.toThrow(/services.runner-controller.host/);
  });
});

function withLib(settings: string): string {
  return `{ lib, ... }: ${settings}`;
}
