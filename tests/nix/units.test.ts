import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { execa } from 'execa';
import { evaluate, type Evaluated, hostWith, nixTest, type Unit } from './nix.js';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const note = hasSystemd ? '' : ' [did not run: systemd-analyze is not installed]';
const unitTest = (title: string, body: () => Promise<void>) =>
  nixTest('lib', title + note, hasSystemd ? body : async () => {});

/** A unit as NixOS writes it, with a program that is here in the place of those in the store. */
function render({ unitConfig, serviceConfig, environment }: Unit): string {
  const settings = (section: Record<string, unknown>) =>
    Object.entries(section).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map(
        (one) => `${name}=${String(one).replace(/\/nix\/store\/\S+/, '/bin/true')}`,
      ),
    );
  return [
    '[Unit]',
    ...settings(unitConfig),
    '[Service]',
    ...Object.entries(environment).map(
      ([name, value]) => `Environment=${JSON.stringify(`${name}=${value}`)}`,
    ),
    ...settings(serviceConfig),
    '',
  ].join('\n');
}

/** Writes the services that a program starts into a folder, and returns their paths. */
function write({ config }: Evaluated): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'units-'));
  return Object.entries(config.systemd.services)
    .filter(([, unit]) => 'ExecStart' in unit.serviceConfig)
    .map(([name, unit]) => {
      const path = join(directory, `${name}.service`);
      writeFileSync(path, render(unit));
      return path;
    });
}

describe('the services', () => {
  unitTest('have no setting that systemd does not know or take', async () => {
    const all = [
      await evaluate('host', hostWith('services.runner-controller.container.scratch.enable = true;')),
      await evaluate('temporal-server', '{ services.runner-temporal-server.enable = true; }'),
      await evaluate('inside', '{ runner.nix.accessToken = true; }'),
    ];
    const paths = all.flatMap(write);
    expect(paths.map((path) => path.split('/').at(-1)).sort()).toEqual([
      'nix-access-tokens.service',
      'runner-controller.service',
      'runner-scratch.service',
      'runner-token.service',
      'temporal-database.service',
      'temporal-namespace.service',
      'temporal-schema.service',
      'temporal-ui.service',
    ]);
    for (const path of paths) {
      const { all: said } = await execa('systemd-analyze', ['verify', '--man=no', path], {
        all: true,
        reject: false,
      });
      expect(said.split('\n').filter((line) => line.includes(path))).toEqual([]);
    }
  });

  unitTest("runner-controller's exposure is below systemd's middle mark although it is root", async () => {
    const [path] = write(await evaluate('host', hostWith())).filter((one) =>
      one.endsWith('runner-controller.service'),
    );
    const { stdout } = await execa('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      path ?? '',
    ]);
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThan(4.5);
  });
});
