import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { Container } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(60_000);

const dropIn = '/run/systemd/system/container@.service.d';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jitConfig = base64(JSON.stringify({ '.runner': base64('{}'), '.credentials': base64('{}') }));

/**
 * The process tree of the real runner, which is what the protection goes by: a listener, a Worker below it, the
 * hooks and steps below that. The one step takes memory until it is stopped.
 */
const listener = `#!/bin/bash
echo 'Listening for Jobs'
export GITHUB_RUN_ID=1
bash /opt/Runner.Worker
echo "worker ended with $?"`;
const worker = `bash -e "$ACTIONS_RUNNER_HOOK_JOB_STARTED"
for pid in $PPID $$; do echo $(cat /proc/$pid/oom_score_adj) $(sed -n 's#^0::.*/##p' /proc/$pid/cgroup); done > /tmp/protection
python3 -c 'x = bytearray(1 << 30)'
echo "step ended with $?" >> /tmp/protection
bash -e "$ACTIONS_RUNNER_HOOK_JOB_COMPLETED"`;

describeOnTestHost('a listener and its job', () => {
  const container = new Container();
  beforeAll(async () => {
    await mkdir(dropIn, { recursive: true });
    await writeFile(`${dropIn}/small.conf`, '[Service]\nMemoryMax=200M\nTasksMax=120\n');
    await execa('systemctl', ['daemon-reload']);
    await container.create();
    await container.start();
    await container.asRoot(`mkdir -p /opt; cat > /opt/Runner.Listener <<'EOF'\n${listener}\nEOF
      chmod 755 /opt/Runner.Listener; cat > /opt/Runner.Worker <<'EOF'\n${worker}\nEOF
      mkdir -p /etc/systemd/system/github-runner.service.d
      printf '[Service]\\nEnvironment=PATH=/opt:/usr/bin:/bin\\n' > /etc/systemd/system/github-runner.service.d/zz.conf
      systemctl daemon-reload`);
  });
  afterAll(async () => {
    await container.destroy();
    await rm(dropIn, { recursive: true });
    await execa('systemctl', ['daemon-reload']);
  });

  it('are told apart, and a step without enough memory ends alone', async () => {
    await container.handOver(jitConfig);
    const events = await container.event('exited');
    expect((await container.asRoot('cat /tmp/protection')).output.split('\n')).toEqual([
      '0 listener',
      '500 job',
      'step ended with 137',
    ]);
    expect(events.exited).toEqual({ at: expect.any(Number), exitCode: 0, serviceResult: 'success' });
    expect(events['job-completed']).toBeDefined();
  });

  it('leave room for each other among the tasks of the container', async () => {
    const { output } = await container.asRoot(
      'systemctl show -P TasksMax github-runner; systemctl show -P OOMPolicy github-runner',
    );
    const [tasks, policy] = output.split('\n').filter(Boolean);
    expect(Number(tasks)).toBeGreaterThan(300);
    expect(policy).toBe('continue');
  });

  it('are held to the limits of their container', async () => {
    const { output } = await container.asRoot(
      'for i in $(seq 150); do sleep 30 & done 2>&1; jobs -p | wc -l',
    );
    expect(output).toContain('Resource temporarily unavailable');
  });
});
