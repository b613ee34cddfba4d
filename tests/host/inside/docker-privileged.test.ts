import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startedContainer, type Container } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(90_000);

/** Debian's Docker fails to start a privileged container; this runtime makes of its wish what Docker 23 would ask. */
const runtime = '/usr/local/lib/test-host/runc-for-docker-23';
const settings = '/etc/docker/daemon.json';

const dockerInDocker = `#!/bin/bash
mount -t tmpfs none /run
export PATH=/usr/sbin:/usr/bin DOCKER_HOST=unix:///run/docker.sock
dockerd --host $DOCKER_HOST > /tmp/log 2>&1 &
until docker version >/dev/null 2>&1; do sleep 0.05; done
mkdir -p /tmp/box/bin; cp /usr/bin/busybox /tmp/box/bin/sh; tar -C /tmp/box -c . | docker import - box >/dev/null
docker run --rm box /bin/sh -c 'echo a container in a container of a container'`;

describeOnTestHost('a privileged container of a job', () => {
  let container: Container;
  beforeAll(async () => {
    container = await startedContainer();
    await container.asRoot(
      `jq '.runtimes = {available: {path: "${runtime}"}}' ${settings} > /tmp/settings; cp /tmp/settings ${settings}`,
    );
    await job(`mkdir -p box/bin; cp /bin/busybox box/bin/; for applet in sh cat echo; do ln -s busybox box/bin/$applet; done
      tar -C box -c . | docker import - box`);
  });
  afterAll(() => container.destroy());

  const job = async (script: string) => (await container.asRunner(`cd /tmp; ${script}`)).output;
  const privileged = (script: string) =>
    job(`docker run --rm --privileged --runtime available box /bin/sh -c '${script}'`);

  it('does not start with Docker 20, which asks for capabilities that the job has not', async () => {
    expect(await job('docker run --rm --privileged box /bin/sh -c true')).toContain('unable to apply caps');
  });

  it('mounts what a user namespace may mount', async () => {
    const script = `cd /dev/shm; mkdir l u w m; busybox mount -t tmpfs none u && echo tmpfs
      mkdir u/u u/w; busybox mount -t overlay none -o lowerdir=l,upperdir=u/u,workdir=u/w m && echo overlay`;
    expect(await privileged(script)).toBe('tmpfs\noverlay');
  });

  it('holds a Docker of its own', async () => {
    const image = `mkdir -p tree/{usr,etc,var/lib,var/run,tmp,run,proc,sys,dev}
      for link in bin sbin lib lib64; do ln -s usr/$link tree/$link; done
      echo root:x:0:0::/:/bin/sh > tree/etc/passwd; echo docker:x:999: > tree/etc/group
      cat > tree/docker-in-docker <<'EOF'\n${dockerInDocker}\nEOF
      chmod 755 tree/docker-in-docker; tar -C tree -c . | docker import - tree >/dev/null`;
    const mounts = '-v /usr:/usr:ro -v /etc/alternatives:/etc/alternatives:ro -v /var/lib/docker';
    const run = `docker run --rm --privileged --runtime available ${mounts} tree /docker-in-docker`;
    expect(await job(`${image}; ${run}`)).toBe('a container in a container of a container');
  });

  it('has no disk, makes no device, and mounts no filesystem of the host', async () => {
    const script = `busybox ls /dev | busybox grep -E "^(vd|sd|nvme|loop|mem|kmsg)"; busybox mknod /disk b 254 0
      busybox mkdir /x; busybox mount -t ext4 /dev/vda /x; busybox mount -t debugfs none /x; echo end`;
    const lines = (await privileged(script)).split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/mknod: .*Operation not permitted/),
      expect.stringMatching(/^mount: permission denied/),
      expect.stringMatching(/^mount: permission denied/),
      'end',
    ]);
  });

  it('changes no setting of the kernel', async () => {
    const script = `for file in sys/kernel/core_pattern sys/kernel/modprobe sys/vm/panic_on_oom sysrq-trigger; do
      (echo 1 > /proc/$file) 2>/dev/null && echo changed $file; done; echo end`;
    expect(await privileged(script)).toBe('end');
  });
});
