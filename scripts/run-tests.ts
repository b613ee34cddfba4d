import { resolve } from 'node:path';
import { execaSync } from 'execa';

/** What jest writes with `--json`, cut to what is counted. */
interface Results {
  numPassedTests: number;
  testResults: {
    name: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

const usual = process.argv.slice(2).filter((argument) => argument !== '--postgres');
const postgres = process.argv.includes('--postgres');
const failed: string[] = [];
let passed = 0;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs a step; a failure is counted, not the end. */
function step(name: string, program: string, args: string[]): void {
  say(`\n== ${name}`);
  const { exitCode } = execaSync(program, args, { stdio: 'inherit', reject: false });
  if (exitCode === 0) passed += 1;
  else failed.push(name);
}

/** Runs jest by `program`, which passes `args` on, and counts what it tells as JSON. */
function jest(name: string, program: string, args: string[], env: Record<string, string> = {}): void {
  say(`\n== ${name}`);
  // Its JSON on stdout, because a test host shares no directory that could be written to; what it shows on stderr.
  const { stdout } = execaSync(program, [...args, '--json', '--silent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    reject: false,
    env,
    maxBuffer: 256 * 2 ** 20,
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{"num'));
  if (line === undefined) {
    failed.push(`${name} (no result)`);
    say(stdout.slice(-2_000));
    return;
  }
  count(JSON.parse(line) as Results);
}

function count(results: Results): void {
  passed += results.numPassedTests;
  for (const { name, message, assertionResults } of results.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'failed') failed.push(fullName);
      // A test that can't run here must not look like one that passed.
      if (status === 'pending' || status === 'todo') say(`did not run here: ${fullName} (${name})`);
    }
    if (assertionResults.length === 0 && message !== '') failed.push(`${name}, which could not run`);
  }
}

/** The set-up and configuration of a server on PostgreSQL, and the end-to-end tests once more with such a server. */
function testOnPostgres(): void {
  const jestInOrder = [...jestProgram, '--runInBand'];
  jest('tests of Temporal on PostgreSQL', process.execPath, [...jestInOrder, 'tests/postgres'], {
    POSTGRES_TESTS: '1',
  });
  // There `temporal server start-dev` is a server on PostgreSQL.
  const path = `${resolve('tests/postgres/bin')}:${process.env['PATH']}`;
  jest('end-to-end tests on PostgreSQL', process.execPath, [...jestInOrder, 'tests/e2e'], { PATH: path });
}

const jestProgram = [
  '--experimental-vm-modules',
  '--no-warnings=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

if (usual.length > 0) jest('tests', process.execPath, [...jestProgram, ...usual]);
else {
  step('npm run check', 'npm', ['run', '--silent', 'check']);
  const elsewhere = ['tests/host/inside/', 'tests/postgres/'];
  jest('tests', process.execPath, [
    ...jestProgram,
    ...elsewhere.flatMap((path) => ['--testPathIgnorePatterns', path]),
  ]);
  jest('tests on a test host with real containers', 'tests/host/run', ['tests/host/inside']);
  if (postgres) testOnPostgres();
  else say('did not run here: tests/postgres (./scripts/test --postgres runs them)');
}
for (const name of failed) say(`FAILED ${name}`);
say(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
