import { expect } from '@jest/globals';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { describeWithTestHost, startRealPool } from '../host/real-pool.js';
import { evaluate, hostWith, nixTest } from './nix.js';

/** The settings of runner-controller.service that say what it may not do, as a drop-in for the test host's unit. */
async function hardening(): Promise<{ dropIn: string; writable: string[] }> {
  const { config } = await evaluate('host', hostWith());
  const { serviceConfig } = config.systemd.services['runner-controller']!;
  const its = [
    'ExecStart',
    'LoadCredential',
    'WorkingDirectory',
    'Restart',
    'RestartSec',
    'RestartPreventExitStatus',
  ];
  const lines = Object.entries(serviceConfig)
    .filter(([name]) => !its.includes(name))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name}=${String(one)}`),
    );
  // The checkout may lie in someone's home, which ProtectHome hides.
  lines.push(`BindReadOnlyPaths=${projectFolder()}`);
  return {
    dropIn: ['[Service]', ...lines].join('\n'),
    writable: serviceConfig['ReadWritePaths'] as string[],
  };
}

describeWithTestHost("runner-controller.service's hardening", () => {
  nixTest(
    'lib',
    'keeps the worker from nothing that it has to do with real containers',
    async () => {
      const { dropIn, writable } = await hardening();
      const pool = await startRealPool({
        name: 'hardened',
        env: { MAX_CONCURRENT: '1', STANDBY_CONTAINERS: '1' },
      });
      try {
        const directory = '/etc/systemd/system/runner-controller.service.d';
        await pool.host.run(
          `mkdir -p ${directory} ${writable.join(' ')}; cat >${directory}/hardening.conf <<'END'\n${dropIn}\nEND`,
        );
        await pool.host.run('systemctl daemon-reload');
        await pool.host.start();
        await pool.whole();
        expect(await pool.host.run('systemctl show --property=ProtectSystem --value runner-controller')).toBe(
          'strict',
        );
        // systemd mounts them on the host, since a mount of the worker's own would stay in its sandbox.
        expect(await pool.host.run('findmnt --noheadings --source runner-out | wc -l')).toBe('2');
        const [job] = await pool.runJobs('true');
        expect(job).toMatchObject({ conclusion: 'success' });
        await pool.whole();
        const { logs, outcome } = await pool.timeline(job?.runnerName ?? '');
        expect({ outcome, logs: await pool.host.run(`test -s ${logs} && echo kept`) }).toEqual({
          outcome: 'completed',
          logs: 'kept',
        });
      } finally {
        await pool.close();
      }
    },
    600_000,
  );
});
