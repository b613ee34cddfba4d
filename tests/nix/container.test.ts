import { describe, expect } from '@jest/globals';
import { evaluate, hostWith, nixTest } from './nix.js';

const container = (settings: string) =>
  `{ lib, ... }: ${hostWith(`services.runner-controller.container = { ${settings} };`)}`;

describe('the container module', () => {
  nixTest('lib', 'limits each container and all of them together', async () => {
    const { config } = await evaluate('host', hostWith());
    expect(config.systemd.services['container@']?.serviceConfig).toMatchObject({
      CPUQuota: '350%',
      CPUWeight: 100,
      IOWeight: 100,
      MemoryHigh: '6G',
      MemoryMax: '7G',
      MemorySwapMax: 0,
      TasksMax: 2000,
    });
    expect(config.systemd.slices['machine']?.sliceConfig).toEqual({
      CPUWeight: 50,
      IOWeight: 50,
      MemoryMax: '85%',
    });
  });

  nixTest(
    'lib',
    'mounts the hand-over directories closed to all but root, small and without programs or devices',
    async () => {
      const { config } = await evaluate('host', hostWith());
      expect(config.systemd.mounts).toEqual([
        expect.objectContaining({
          what: 'tmpfs',
          where: '/run/runner-controller',
          options: 'mode=0700,nosuid,nodev,noexec,size=64M,nr_inodes=16k',
        }),
      ]);
    },
  );

  nixTest('lib', 'leaves nothing in systemd of a container that had to be killed', async () => {
    const { config } = await evaluate('host', hostWith());
    const unit = config.systemd.services['container@'];
    expect(unit?.unitConfig).toEqual({ CollectMode: 'inactive-or-failed' });
    expect(unit?.serviceConfig['ExecStopPost']).toEqual([
      expect.stringMatching(/^-.*\/bin\/systemd-nspawn --cleanup --machine=%i$/),
    ]);
  });

  nixTest('lib', 'lets the Nix daemon trust root only, with the configured caches', async () => {
    const { config } = await evaluate('host', hostWith());
    expect(config.nix.settings).toEqual({
      'experimental-features': ['nix-command', 'flakes'],
      'max-free': 150 * 2 ** 30,
      'min-free': 50 * 2 ** 30,
      substituters: ['https://cache.nixos.org', 'https://cashudevkit.cachix.org'],
      'trusted-public-keys': [
        'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
        'cashudevkit.cachix.org-1:zFKdvMiTllKWxIFNTjXgisZsOFufmaZXjWJNcmc8r+4=',
      ],
      'trusted-substituters': ['https://cache.nixos.org', 'https://cashudevkit.cachix.org'],
      'trusted-users': ['root'],
    });
  });

  nixTest('lib', 'shares a filesystem of a bounded size between containers only when asked', async () => {
    const { config, faults } = await evaluate(
      'host',
      container('scratch.enable = true; scratch.size = "19G";'),
    );
    expect(faults).toEqual([]);
    expect(
      config.systemd.services['runner-controller']?.environment['EXTRA_NSPAWN_FLAGS']?.split(' ').sort(),
    ).toEqual([
      '--bind=/var/lib/runner-scratch:/var/tmp/cdk-nextest-extract:idmap',
      '--system-call-filter=@keyring',
      '--system-call-filter=bpf',
    ]);
    expect(config.systemd.services['runner-scratch']?.environment).toMatchObject({
      SIZE: '19G',
      OWNER: '1000',
    });
    expect(config.systemd.mounts).toContainEqual(
      expect.objectContaining({ what: '/var/lib/runner-scratch.img', options: 'loop,nosuid,nodev,noatime' }),
    );
  });

  nixTest('lib', 'opens the port of the registry mirror, and no other, to containers', async () => {
    const { config, faults } = await evaluate('host', container('registryMirror.enable = true;'));
    expect(faults).toEqual([]);
    expect(config.networking.nftables.ruleset.trimEnd().split('\n').at(-1)?.trim()).toBe(
      'add element inet runner_containers host_services { tcp . 5000 }',
    );
    expect(config.networking.firewall.extraInputRules).toBe(
      'iifname "ve-*" meta l4proto . th dport { tcp . 5000 } accept\n',
    );
    expect(config.networking.interfaces).toEqual({
      lo: { ipv4: { addresses: [{ address: '198.51.100.1', prefixLength: 32 }] } },
    });
  });

  nixTest('lib', 'hands a token for flake fetches over as a credential', async () => {
    const { config, faults } = await evaluate(
      'host',
      container('nix.accessTokenFile = "/run/secrets/nix-token";'),
    );
    expect(faults).toEqual([]);
    expect(config.systemd.services['runner-controller']?.environment['EXTRA_NSPAWN_FLAGS']).toContain(
      '--load-credential=nix.access-tokens:/run/secrets/nix-token',
    );
  });

  const faulty: [title: string, settings: string, fault: RegExp][] = [
    [
      'a flag with a space',
      'nspawnFlags = [ "--system-call-filter=a b" ];',
      /has a space: nixos-container splits them there/,
    ],
    [
      'the token that administers runners inside',
      'nix.accessTokenFile = "/run/secrets/github-runner/token";',
      /every job could read it: make another token/,
    ],
    ['garbage collection that never ends', 'nix.minFree = 200;', /maxFree must be more than minFree/],
  ];
  for (const [title, settings, fault] of faulty) {
    nixTest('lib', `refuses ${title}`, async () => {
      expect((await evaluate('host', container(settings))).faults).toEqual([expect.stringMatching(fault)]);
    });
  }

  nixTest('lib', 'refuses a host that trusts its jobs', async () => {
    const { faults } = await evaluate(
      'host',
      hostWith(`
        nix.settings.trusted-users = [ "root" "github-runner" ];
        networking.firewall.trustedInterfaces = [ "ve-+" ];
        boot.kernelPackages.kernel.version = "6.1";
      `),
    );
    expect(faults.sort()).toEqual([
      expect.stringMatching(/Linux 6.3/),
      expect.stringMatching(/trustedInterfaces trusts ve-/),
      expect.stringMatching(/trusted-users has root github-runner/),
    ]);
  });
});

describe('the inside of a container', () => {
  nixTest(
    'lib',
    "has Docker as the tests' containers have it, Nix by the host's daemon, and the shared units",
    async () => {
      const { config } = await evaluate(
        'inside',
        `{
        runner.nix = { substituters = [ "https://cache.nixos.org" ]; trustedPublicKeys = [ "k" ]; accessToken = true; };
        runner.dockerMirror = "http://198.51.100.1:5000";
      }`,
      );
      expect(config.virtualisation.docker['daemon']).toMatchObject({
        settings: {
          'registry-mirrors': ['http://198.51.100.1:5000'],
          'exec-opts': ['native.cgroupdriver=systemd'],
          'storage-driver': 'overlay2',
        },
      });
      expect(config.nix).toMatchObject({
        extraOptions: '!include /run/nix-access-tokens.conf',
        settings: { substituters: ['https://cache.nixos.org'], 'accept-flake-config': true },
      });
      expect(config.systemd.packages).toHaveLength(1);
      expect(Object.keys(config.systemd.services).sort()).toEqual([
        'github-runner',
        'nix-access-tokens',
        'runner-boot',
      ]);
      expect(config.systemd.services['github-runner']?.environment).toEqual({
        ACTIONS_RUNNER_FORCED_INTERNAL_NODE_VERSION: 'node24',
        FORCE_JAVASCRIPT_ACTIONS_TO_NODE24: 'true',
        NIX_LD: '/run/current-system/sw/share/nix-ld/lib/ld.so',
        NIX_LD_LIBRARY_PATH: '/run/current-system/sw/share/nix-ld/lib',
      });
    },
  );
});
