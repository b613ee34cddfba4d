import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSimHost, program, type SimHost } from './sim-host.js';

// Dozens of programs are started, on a machine that may be busy.
jest.setTimeout(30_000);

const name = '3a1f9-r0';
let host: SimHost;

beforeEach(async () => {
  host = await makeSimHost();
});
afterEach(() => host.remove());

const said = (text: string) => `${program}: ${text}`;
const conf = (container: string) => readFile(join(host.confDir, `${container}.conf`), 'utf8');

test('creates a container that is down: a conf and a profile, no root yet', async () => {
  expect(await host.create(name)).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'host IP is 10.233.1.1, container IP is 10.233.1.2',
  });
  expect((await conf(name)).split('\n')).toEqual([
    'PRIVATE_NETWORK=1',
    'HOST_ADDRESS=10.233.1.1',
    'LOCAL_ADDRESS=10.233.1.2',
    'HOST_BRIDGE=',
    'HOST_PORT=',
    'AUTO_START=0',
    '',
  ]);
  expect(await readlink(join(host.sim, 'profiles', name, 'system'))).toBe(host.system);
  expect(await readdir(host.rootDir)).toEqual([]);
  expect((await host.nixos('status', name)).stdout).toBe('down');
});

test('writes its options into the conf', async () => {
  const options = ['--bridge=br0', '--port', 'tcp:80', '--auto-start'];
  const addresses = ['--host-address', '10.1.0.1', '--local-address', '10.1.0.2'];
  await host.nixos(...options, 'create', name, '--system-path', host.system, ...addresses);
  expect((await conf(name)).split('\n')).toEqual([
    'PRIVATE_NETWORK=1',
    'HOST_ADDRESS=10.1.0.1',
    'LOCAL_ADDRESS=10.1.0.2',
    'HOST_BRIDGE=br0',
    'HOST_PORT=tcp:80',
    'AUTO_START=1',
    '',
  ]);
  expect((await host.nixos('show-ip', name)).stdout).toBe('10.1.0.2');
});

test('gives eight containers made side by side eight addresses', async () => {
  const names = Array.from({ length: 8 }, (_, slot) => `3a1f${slot}-r${slot}`);
  await Promise.all(names.map((container) => host.create(container)));
  const addresses = await Promise.all(
    names.map(async (container) => (await host.nixos('show-ip', container)).stdout),
  );
  expect(addresses.sort()).toEqual(names.map((_, slot) => `10.233.${slot + 1}.2`));
  expect((await host.nixos('list')).stdout).toBe(names.join('\n'));
});

test('takes the first address that is free again, and fails when there is none', async () => {
  await mkdir(host.confDir);
  const taken = (number: number) =>
    writeFile(join(host.confDir, `c${number}.conf`), `LOCAL_ADDRESS=10.233.${number}.2\n`);
  await Promise.all(Array.from({ length: 254 }, (_, index) => taken(index + 1)));
  const full = await host.create(name);
  expect(full).toEqual({ exitCode: 255, stdout: '', stderr: said('out of IP addresses') });
  await host.nixos('destroy', 'c17');
  expect((await host.create(name)).stderr).toBe('host IP is 10.233.17.1, container IP is 10.233.17.2');
});

test('finds a free name on request', async () => {
  await host.create('a');
  const unique = await host.nixos('create', 'a', '--ensure-unique-name', '--system-path', host.system);
  expect(unique.stdout).toBe('a-0');
});

test('refuses names as the real one does', async () => {
  await host.create(name);
  const answers = [
    await host.create(name),
    await host.create('3a1f9-r0-abc'),
    await host.create('a/b'),
    await host.nixos('start', 'missing'),
  ];
  expect(answers).toEqual([
    { exitCode: 25, stdout: '', stderr: said(`container ‘${name}’ already exists`) },
    { exitCode: 2, stdout: '', stderr: said('container name ‘3a1f9-r0-abc’ is too long') },
    { exitCode: 255, stdout: '', stderr: said('invalid container name') },
    { exitCode: 2, stdout: '', stderr: said('container ‘missing’ does not exist') },
  ]);
});

test('refuses faulty command lines as the real one does', async () => {
  await host.create(name);
  const answers = [
    await host.nixos(),
    await host.nixos('start'),
    await host.nixos('fly', name),
    await host.nixos('create', 'b', '--fast'),
    await host.nixos('create', 'b', '--system-path'),
    await host.nixos('create', 'b', '--host-address', '10.1.0.1'),
    await host.nixos('create', 'b', '--config', 'a', '--config-file', 'b'),
  ];
  expect(answers.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
    [255, said('no action specified')],
    [255, said('no container name specified')],
    [255, said('unknown action ‘fly’')],
    [1, 'Unknown option: fast'],
    [1, 'Option system-path requires an argument'],
    [255, 'With --host-address set, --local-address is required as well!'],
    [255, '--config and --config-file are mutually incompatible.'],
  ]);
  expect((await host.nixos('--help')).stdout).toMatch(/^Usage: nixos-container list\n/);
});

test('leaves nothing of a container whose system is missing', async () => {
  const missing = join(host.dir, 'nowhere');
  const { exitCode, stderr } = await host.nixos('create', name, '--system-path', missing);
  expect({ exitCode, last: stderr.split('\n').slice(1) }).toEqual({
    exitCode: 2,
    last: [
      `error: getting status of '${missing}': No such file or directory`,
      said('failed to set initial container configuration'),
    ],
  });
  expect(await host.leftovers()).toEqual({ exitCode: 0, left: nothing });
});

const nothing = { processes: [], confs: [], roots: [], profiles: [], locks: [] };

test('says gone of a missing container, and destroys it gladly', async () => {
  expect(await host.nixos('status', 'missing')).toEqual({
    exitCode: 2,
    stdout: 'gone',
    stderr: said('container ‘missing’ does not exist'),
  });
  expect(await host.nixos('destroy', 'missing')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('starts, stops and restarts, each again without complaint', async () => {
  await host.create(name);
  const status = async () => (await host.nixos('status', name)).stdout;
  for (const [command, expected] of [
    ['start', 'up'],
    ['start', 'up'],
    ['stop', 'down'],
    ['stop', 'down'],
    ['restart', 'up'],
    ['terminate', 'down'],
  ] as const) {
    expect(await host.nixos(command, name)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await status()).toBe(expected);
  }
});

test('can neither run in nor terminate a container that is down', async () => {
  await host.create(name);
  const unable = { stdout: '', stderr: "unable to get container's main PID", exitCode: 255 };
  expect(await host.nixos('run', name, '--', 'true')).toEqual(unable);
  expect(await host.nixos('terminate', name)).toEqual(unable);
});

test("runs a command in the container's root with its own exit code", async () => {
  await host.create(name);
  await host.nixos('start', name);
  const script = 'pwd; echo "$1"; exit 7';
  expect(await host.nixos('run', name, '--', 'sh', '-c', script, 'sh', '--not-an-option')).toEqual({
    exitCode: 7,
    stdout: `${join(host.rootDir, name)}\n--not-an-option`,
    stderr: '',
  });
});

test('destroys a running container with all that is in its root', async () => {
  await host.create(name);
  await host.nixos('start', name);
  const root = join(host.rootDir, name);
  await mkdir(join(root, 'deep/er'), { recursive: true });
  await symlink(host.system, join(root, 'deep/directory-link'));
  await symlink('/nowhere', join(root, 'deep/er/broken-link'));
  expect(await host.nixos('destroy', name)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await host.leftovers()).toEqual({ exitCode: 0, left: nothing });
  expect(await readdir(host.system)).toEqual([]);
});

test('fails to start a container whose shared directory is missing', async () => {
  await host.create(name);
  await writeFile(
    join(host.confDir, `${name}.conf`),
    'EXTRA_NSPAWN_FLAGS=--bind-ro=/nowhere/in:/run/runner/in\n',
  );
  expect(await host.nixos('start', name)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: [
      `container@${name}.service: Failed to stat /nowhere/in: No such file or directory`,
      said('failed to start container'),
    ].join('\n'),
  });
});

test('takes as long as it is told, by either notation', async () => {
  host.setDelays({ create: 0.2 });
  let before = Date.now();
  await host.create(name);
  expect(Date.now() - before).toBeGreaterThanOrEqual(200);
  host.setEnv('NIXOS_CONTAINER_SIM_DELAYS', 'start=0.3,stop=0.2');
  before = Date.now();
  await host.nixos('start', name);
  expect(Date.now() - before).toBeGreaterThanOrEqual(300);
  await host.nixos('stop', name);
  const history = (await host.history()) as unknown as { command: string; ms: number }[];
  expect(history.map(({ command, ms }) => [command, Math.floor(ms / 100) * 100])).toEqual([
    ['create', 200],
    ['start', 300],
    ['stop', 200],
  ]);
});

test('names a setting that it does not understand', async () => {
  const list = async (key: string, value: string) => {
    host.setEnv(key, value);
    return (await host.nixos('list')).stderr;
  };
  const variable = 'NIXOS_CONTAINER_SIM_DELAYS';
  expect([
    await list(variable, 'flying=1'),
    await list(variable, 'start=soon'),
    await list(variable, '{"start":}'),
    await list('NIXOS_CONTAINER_SIM_DIR', ''),
  ]).toEqual([
    said(
      `${variable} has no flying; ` +
        'it has create, start, boot, listen, stop, destroy, start-timeout, stop-timeout, retry',
    ),
    said(`${variable} is neither NAME=SECONDS,… nor a JSON object`),
    said(`${variable} is neither NAME=SECONDS,… nor a JSON object`),
    said('NIXOS_CONTAINER_SIM_DIR has to be the absolute path of a directory'),
  ]);
});

test('writes down every command that changes something', async () => {
  await host.create(name);
  await host.create(name);
  await host.nixos('list');
  await host.nixos('status', name);
  await host.nixos('destroy', name);
  expect(
    (await host.history()).map(({ command, container, exitCode }) => [command, container, exitCode]),
  ).toEqual([
    ['create', name, 0],
    ['create', name, 25],
    ['destroy', name, 0],
  ]);
});
