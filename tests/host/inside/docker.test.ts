import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { connect, internet, offLimits } from '../attack.js';
import { startedContainer, type Container } from '../container.js';
import { describeOnTestHost } from '../on-test-host.js';

jest.setTimeout(90_000);

describeOnTestHost("Docker, for a container's job", () => {
  let container: Container;
  beforeAll(async () => {
    container = await startedContainer();
  });
  afterAll(() => container.destroy());

  const job = async (script: string) => (await container.asRunner(`cd /tmp; set -e; ${script}`)).output;

  it('starts with its first use, with a bridge, overlay2 and cgroups by systemd', async () => {
    const format = '{{.Driver}} {{.CgroupDriver}} {{.CgroupVersion}}';
    expect(
      await job(
        `docker info --format '${format}' 2>/dev/null; docker network ls --format '{{.Name}}' | sort`,
      ),
    ).toBe('overlay2 systemd 2\nbridge\nhost\nnone');
  });

  it('runs an image that was built from a tarball', async () => {
    const make = `mkdir -p image/bin image/www && cp /bin/busybox image/bin/ && for applet in sh nc wget httpd ping nslookup id sleep; do
      ln -sf busybox image/bin/$applet; done; echo a page > image/www/index.html
      tar -C image -c . | docker import - box >/dev/null`;
    expect(await job(`${make}; docker run --rm box /bin/sh -c 'echo in a container of uid $(id -u)'`)).toBe(
      'in a container of uid 0',
    );
  });

  it('connects the containers of a user-defined network by their names', async () => {
    const output = await job(`docker network create services >/dev/null
      docker run -d --rm --name web --network services box /bin/httpd -f -p 80 -h /www >/dev/null
      docker run --rm --network services box /bin/wget -q -O - http://web/
      docker kill web >/dev/null; docker network rm services >/dev/null`);
    expect(output).toBe('a page');
  });

  it('publishes a port to the steps of the job', async () => {
    const output =
      await job(`docker run -d --rm --name web -p 8000:80 box /bin/httpd -f -p 80 -h /www >/dev/null
      until nc -z 127.0.0.1 8000; do sleep 0.05; done
      printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -q 1 127.0.0.1 8000 | tail -1; docker kill web >/dev/null`);
    expect(output).toBe('a page');
  });

  it.each([
    ['the classic builder', 0],
    ['BuildKit', 1],
  ])('builds an image by %s, with a step that uses the network', async (_builder, buildKit) => {
    const output =
      await job(`export DOCKER_BUILDKIT=${buildKit}; mkdir -p build; cat > build/Dockerfile <<'EOF'
FROM box
RUN ["/bin/sh", "-c", "nc -w 3 ${internet.v4} ${internet.port} < /dev/null > /www/built"]
EOF
      docker build -q -t built build >/dev/null; docker run --rm built /bin/sh -c 'read line < /www/built; echo "$line"'`);
    expect(output).toBe('reached from 198.51.100.2');
  });

  it('has DNS in its containers', async () => {
    expect(await job('docker run --rm box /bin/nslookup github.example | grep -c 203.0.113.10')).toBe('1');
  });

  it('lets a job become root of its own container only, which is nobody on the host', async () => {
    const output = await job(
      `docker run --rm -v /:/host box /bin/sh -c 'id -u; echo mine > /host/root/mine'; cat /proc/self/uid_map`,
    );
    const [uid, map] = output.split('\n');
    expect(uid).toBe('0');
    expect(Number(map?.trim().split(/\s+/)[1])).toBeGreaterThanOrEqual(524_288);
    expect((await stat(`${container.root}/root/mine`)).uid).toBe(0);
    expect(existsSync('/root/mine')).toBe(false);
  });

  it.each(offLimits)('does not lead to %s from its containers, on either network', async (address) => {
    const command = connect(address, internet.port).replace('nc -w', '/bin/nc -w').replace('timeout 3 ', '');
    expect(await job(`docker run --rm --network host box /bin/sh -c '${command}'`)).toMatch(/^not reached$/m);
    expect(await job(`docker run --rm box /bin/sh -c '${command}'`)).toMatch(/^not reached$/m);
  });
});
