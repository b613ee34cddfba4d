import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { readFile, stat } from 'node:fs/promises';
import { execa } from 'execa';
import type { Container } from '../container.js';
import { runtimeDir, startedContainer } from '../container.js';
import { startInternetGithub, repository, type InternetGithub } from '../github.js';
import { describeOnTestHost } from '../on-test-host.js';
import { tracesOf } from '../traces.js';

jest.setTimeout(90_000);

describeOnTestHost('a real container', () => {
  let github: InternetGithub;
  let container: Container;
  beforeAll(async () => {
    github = await startInternetGithub();
  });
  afterAll(async () => {
    await container.destroy();
    await github.close();
  });

  it('boots and waits, with no runner and no Docker daemon running', async () => {
    container = await startedContainer();
    const { output } = await container.asRoot(
      'systemctl is-active github-runner.path github-runner.service docker.socket docker.service; systemctl is-system-running --wait',
    );
    expect(output.split('\n')).toEqual(['active', 'inactive', 'active', 'inactive', 'running']);
    expect(await container.read()).toEqual({
      booted: { at: expect.any(Number) },
      refused: [],
      handedOver: false,
    });
  });

  it('serves one job from the hand-over to the exit, and reports each step', async () => {
    await github.queueScript('id -un; echo kept in the log');
    await container.handOver(await github.jitConfig(`host-${container.name}`));
    const events = await container.event('exited');
    const job = {
      at: expect.any(Number),
      repository,
      workflow: 'ci',
      job: 'job',
      runId: expect.stringMatching(/^\d+$/),
      runAttempt: 1,
      runnerName: `host-${container.name}`,
    };
    expect(events).toEqual({
      booted: { at: expect.any(Number) },
      listening: { at: expect.any(Number) },
      'job-started': job,
      'job-completed': job,
      exited: { at: expect.any(Number), exitCode: 0, serviceResult: 'success' },
      refused: [],
    });
    const { jobs } = await github.state();
    expect(jobs.map(({ conclusion }) => conclusion)).toEqual(['success']);
  });

  it('does not start the runner a second time with the used JIT configuration', async () => {
    const { output } = await container.asRoot(
      'systemctl start github-runner.path; systemctl show -P ActiveState github-runner.path github-runner.service; systemctl show -P NRestarts github-runner.service',
    );
    expect(output.split('\n').filter(Boolean)).toEqual(['inactive', 'inactive', '0']);
  });

  it('keeps the JIT configuration out of the journal, arguments and what others can read', async () => {
    const secret = await readFile(`${runtimeDir}/${container.name}/in/jitconfig`, 'utf8');
    const { stdout: journal } = await execa('journalctl', [
      '-D',
      `${container.root}/var/log/journal`,
      '-o',
      'export',
    ]);
    expect(journal).toContain('Listening for Jobs');
    expect(journal).not.toContain(secret.slice(0, 40));
    expect((await stat(`${runtimeDir}/${container.name}/in/jitconfig`)).mode & 0o777).toBe(0o400);
    expect((await container.asRunner('cat /run/runner/in/jitconfig')).output).toContain('Permission denied');
  });

  it('reports that it was restarted, and runs nothing then', async () => {
    const other = await startedContainer();
    try {
      await other.asRoot('systemctl --no-block reboot');
      const events = await other.event('exited');
      expect(events.exited).toEqual({
        at: expect.any(Number),
        exitCode: -1,
        serviceResult: 'container-restarted',
      });
      expect((await other.asRoot('systemctl is-active github-runner.path')).output).toBe('inactive');
    } finally {
      await other.destroy();
    }
  });

  it('reports a listener that can not be started for want of a usable JIT configuration', async () => {
    const other = await startedContainer();
    try {
      await other.handOver('bm90IGpzb24=');
      const { exited } = await other.event('exited');
      expect(exited).toEqual({ at: expect.any(Number), exitCode: -1, serviceResult: 'exit-code' });
    } finally {
      await other.destroy();
    }
  });

  it('is stopped politely: the runner reports its job as cancelled', async () => {
    const other = await startedContainer();
    try {
      await github.queueScript('sleep 600');
      await other.handOver(await github.jitConfig(`host-${other.name}`));
      await other.event('job-started');
      await other.stop();
      const { jobs } = await github.state();
      expect(jobs.at(-1)?.conclusion).toBe('cancelled');
      expect((await other.read()).exited?.serviceResult).toBe('success');
    } finally {
      await other.destroy();
    }
  });

  it('leaves nothing: no root, conf, profile, directory, link, mount, cgroup or machine', async () => {
    expect(await tracesOf(container.name)).not.toEqual([]);
    await container.destroy();
    expect(await tracesOf(container.name)).toEqual([]);
  });
});
