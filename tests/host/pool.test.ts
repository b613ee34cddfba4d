import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { drainUpdate, resumeUpdate } from '../../workflows/messages.js';
import { poolWorkflowId } from '../../workflows/model.js';
import { makeMounts } from './hostile-mounts.js';
import { describeWithTestHost, startRealPool, type RealPool } from './real-pool.js';

jest.setTimeout(300_000);

const size = 3;

/** Fails when an earlier job was here, then leaves its own marks wherever it can. */
const leaveMarks = `
  test "$(hostname)" != marked
  test -z "$(ls /tmp /var/tmp ~ | grep mark)"; test -z "$(pgrep -f "sleep 4[7]11")"
  touch /tmp/mark /var/tmp/mark ~/mark
  nohup setsid sleep 4711 >/dev/null 2>&1 &
  if touch /nix/store/mark 2>/dev/null; then exit 1; fi
  hostname marked 2>/dev/null || true
  head -c 20M /dev/zero > /var/tmp/mark-large`;

/** Makes a job's command one of container root, by way of Docker; its file system is the container's. */
const asRoot = (command: string) => `
  mkdir box && cp /bin/busybox box/ && tar -C box -c . | docker import - box >/dev/null
  docker run --rm -v /:/host box /busybox chroot /host ${command}`;

describeWithTestHost('a pool of real containers', () => {
  let pool: RealPool;
  beforeAll(async () => {
    pool = await startRealPool({
      name: 'real-pool',
      env: { MAX_CONCURRENT: `${size}`, STANDBY_CONTAINERS: '1', JOB_TIMEOUT: '60' },
    });
    // Small enough that a job of a few seconds meets them.
    await pool.host.run(`mkdir -p /run/systemd/system/container@.service.d
      printf '[Service]\\nMemoryMax=300M\\nTasksMax=200\\nTimeoutStopSec=5\\n' > /run/systemd/system/container@.service.d/small.conf
      systemctl daemon-reload`);
    await pool.host.start();
    await pool.whole();
  });
  afterAll(() => pool.close());

  /** After whatever a job did: a whole pool, and on the host only what belongs to it. */
  async function expectWhole(): Promise<void> {
    const { runners } = await pool.whole();
    const names = runners.map(({ name }) => name).toSorted();
    expect(await pool.host.left()).toEqual({ containers: names, files: names });
  }

  it('gives each of 12 jobs a container in which nobody was before, and keeps their logs', async () => {
    const jobs = await pool.runJobs(...Array.from({ length: 12 }, () => leaveMarks));
    expect(jobs.map(({ conclusion }) => conclusion)).toEqual(Array.from({ length: 12 }, () => 'success'));
    expect(new Set(jobs.map(({ runnerName }) => runnerName)).size).toBe(12);
    await expectWhole();
    const timelines = await Promise.all(jobs.map(({ runnerName }) => pool.timeline(runnerName ?? '')));
    expect(timelines.map(({ outcome, endReason, exitCode }) => ({ outcome, endReason, exitCode }))).toEqual(
      Array.from({ length: 12 }, () => ({ outcome: 'completed', endReason: 'job-done', exitCode: 0 })),
    );
    const logs = await pool.host.run(
      `cd / && zcat ${timelines.map(({ logs }) => logs ?? '').join(' ')} | grep -c 'Listening for Jobs'`,
    );
    expect(Number(logs)).toBeGreaterThanOrEqual(12);
  });

  it.each([
    ['powers its container off', asRoot('systemctl poweroff')],
    ['reboots its container', asRoot('systemctl reboot')],
    ['kills its own runner', 'kill -KILL $RUNNER_LISTENER_PID; sleep 30'],
    [
      'says that it has ended while it goes on',
      `echo '{"at":"2026-01-01T00:00:00Z","exitCode":0,"serviceResult":"success"}' > /run/runner/out/exited; sleep 30`,
    ],
  ])('is whole again after a job that %s, which counts as lost to GitHub', async (_what, script) => {
    const [job] = await pool.runJobs(script);
    expect(job?.conclusion).not.toBe('success');
    await expectWhole();
  });

  it.each([
    ['forks without end', ':(){ :|:& };:; sleep 2'],
    ['fills its disk', 'fallocate -l 100G ~/full; head -c 9G /dev/zero > ~/full || true; true'],
    ['fills out/', 'head -c 1G /dev/zero > /run/runner/out/full || true'],
    ['fills out/ with names', 'cd /run/runner/out && for i in $(seq 3000); do : > "$i"; done || true'],
    [
      'writes huge, linked and malformed events',
      'cd /run/runner/out; rm -f job-started listening; ln -s /etc/shadow listening; head -c 3M /dev/zero > job-started; mkdir exited; true',
    ],
    [
      'holds a file and a directory open',
      'exec 9>/tmp/held; cd /run/runner/out; nohup setsid sleep 4711 >/dev/null 2>&1 & true',
    ],
  ])('is whole again after a job that %s', async (_what, script) => {
    await pool.runJobs(script);
    await expectWhole();
  });

  it('is whole again after a job that makes mounts of all kinds as root, and a service that no stop ends', async () => {
    const [job] = await pool.runJobs(
      `cat > /tmp/mounts <<'END'\n${makeMounts}\nEND\n${asRoot('systemd-run --quiet --wait --pipe bash /tmp/mounts')}`,
    );
    expect(job?.conclusion).toBe('success');
    await expectWhole();
  });

  it('is whole again when a worker died between the first steps of making a container', async () => {
    const out = '/run/runner-controller/0dead-r0/out';
    await pool.host.run(`mkdir -p ${out} && systemd-mount --quiet --collect --type=tmpfs left ${out}`);
    await pool.host.run(`while [ -e ${out} ]; do sleep 0.1; done`);
    await expectWhole();
  });

  it('ends a job that takes too much memory alone: its runner lives to report the failure', async () => {
    const [job] = await pool.runJobs('python3 -c "x = bytearray(1 << 30)"');
    expect(job).toMatchObject({ conclusion: 'failure', lost: false });
    expect(await pool.timeline(job?.runnerName ?? '')).toMatchObject({ outcome: 'completed', exitCode: 0 });
    await expectWhole();
  });

  it.each([
    ["the container's init", (name: string) => `kill -KILL $(machinectl show ${name} -p Leader --value)`],
    ["the container's unit", (name: string) => `systemctl kill --signal=KILL container@${name}`],
    ['the whole container, by a stop from outside', (name: string) => `systemctl stop container@${name}`],
  ])('is whole again after the death of %s under a job', async (_what, command) => {
    const running = pool.runJobs('sleep 60');
    await pool.host.run(command(await pool.busy()));
    const [job] = await running;
    expect(job?.conclusion).not.toBe('success');
    await expectWhole();
  });

  it('finishes a job whose worker was killed meanwhile, and records it once', async () => {
    const running = pool.runJobs('sleep 4');
    await pool.busy();
    await pool.host.worker().kill();
    await pool.host.start();
    const [job] = await running;
    expect(job?.conclusion).toBe('success');
    expect(await pool.timeline(job?.runnerName ?? '')).toMatchObject({
      outcome: 'completed',
      endReason: 'job-done',
    });
    await expectWhole();
  });

  it('leaves no token or JIT configuration in the journal, the kept logs or a process', async () => {
    const secrets = [pool.token, ...pool.github.secrets().map((secret) => secret.slice(0, 60))];
    const [words] = [secrets.map((secret) => `-e ${secret}`).join(' ')];
    const found = await pool.host
      .run(`cd /; { journalctl -o export; zcat -r /var/log/runner-controller 2>/dev/null
      find /var/log/runner-controller -name '*.gz' -exec zcat {} +; ps -eo args | grep -v 'grep -[c]'; } | grep -v 'sh -c' | grep -c -F ${words} || true`);
    expect(found).toBe('0');
  });

  it('empties when it is drained, and fills again', async () => {
    const handle = pool.temporal.client.workflow.getHandle(poolWorkflowId('real-pool'));
    await handle.executeUpdate(drainUpdate, { args: [{ reason: 'test' }] });
    await pool.until(({ runners }) => runners.length === 0);
    expect(await pool.host.left()).toEqual({ containers: [], files: [] });
    await handle.executeUpdate(resumeUpdate, { args: [{}] });
    await expectWhole();
    expect(pool.github.state().contractViolations).toEqual([]);
  });
});
