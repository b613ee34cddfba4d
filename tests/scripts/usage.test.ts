import { expect, test } from '@jest/globals';
import { freePort } from '../../simulators/stack/free-port.js';
import { run } from './commands.js';

const commands = [
  'runner-status',
  'runner-drain',
  'runner-resume',
  'runner-history',
  'runner-storage',
  'cleanup-github-runners',
  'cleanup-all-containers',
];

test.each(commands)(
  '%s explains itself, and ends with 2 when it is called in a wrong way',
  async (command) => {
    const [help, wrong] = await Promise.all([run({}, command, '--help'), run({}, command, '--bogus')]);
    const [usage] = help.stdout.split('\n');
    expect({ ...help, stdout: usage, hasJson: help.stdout.includes('--json') }).toEqual({
      exitCode: 0,
      stdout: `Usage: ${command} [options]`,
      stderr: '',
      hasJson: true,
    });
    expect(wrong).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: unknown option '--bogus'\n(${command} --help tells more)`,
    });
  },
  30_000,
);

test('every command that needs Temporal says in a sentence that it is away', async () => {
  const needy = [
    'runner-status',
    'runner-drain',
    'runner-resume',
    'runner-history',
    'cleanup-all-containers',
  ];
  const address = `127.0.0.1:${await freePort()}`;
  const env = { TEMPORAL_ADDRESS: address, RUNNER_HOST: 'cdk-runner-01' };
  const ended = await Promise.all(needy.map((command) => run(env, command)));
  expect(ended).toEqual(
    needy.map((command) => ({
      exitCode: 1,
      stdout: '',
      stderr:
        `${command}: Temporal at ${address} does not answer (Failed to connect before the deadline): ` +
        'is it running, and are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE right?',
    })),
  );
}, 60_000);

test('a host name that can be none is refused', async () => {
  expect(await run({}, 'runner-status', '--host', 'cdk.runner')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      "error: option '--host <name>' argument 'cdk.runner' is invalid. It must be the name of a host, without its domain.\n" +
      '(runner-status --help tells more)',
  });
});

test('a command tells all that is missing in its environment', async () => {
  expect(await run({ RUNNER_HOST: 'cdk-runner-01' }, 'cleanup-github-runners')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'cleanup-github-runners: GITHUB_REPO is not set: name the repository as owner/repository, or an organisation in GITHUB_ORG.\n' +
      'cleanup-github-runners: GITHUB_TOKEN_FILE is not set: it is the path of the file with the GitHub token (or configure a GitHub App).',
  });
});

test('a machine destroys nothing of another host directly', async () => {
  const ended = await run({}, 'cleanup-all-containers', '--direct', '--yes', '--host', 'cdk-runner-02');
  expect(ended).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      "error: option '--direct' cannot be used with option '--host <name>'\n(cleanup-all-containers --help tells more)",
  });
});
