import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';

/** What jest writes with `--json`, cut to what is counted. */
interface Results {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

const jestArguments = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'cdk-runner-pool-tests-'));
const failed: string[] = [];
let passed = 0;

/** Runs a step; a failure is counted, not the end. */
function step(name: string, program: string, args: string[]): void {
  process.stdout.write(`\n== ${name}\n`);
  const { exitCode } = execaSync(program, args, { stdio: 'inherit', reject: false });
  if (exitCode === 0) passed += 1;
  else failed.push(name);
}

function jest(): void {
  process.stdout.write('\n== tests\n');
  const output = join(directory, 'jest.json');
  const args = ['test', '--silent', '--', '--json', `--outputFile=${output}`, ...jestArguments];
  execaSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], reject: false });
  const results = JSON.parse(readFileSync(output, 'utf8')) as Results;
  passed += results.numPassedTests;
  for (const { name, assertionResults } of results.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'failed') failed.push(fullName);
      // A test that can't run here must not look like one that passed.
      if (status === 'pending' || status === 'todo')
        process.stdout.write(`did not run here: ${fullName} (${name})\n`);
    }
  }
  for (let broken = results.numRuntimeErrorTestSuites; broken > 0; broken -= 1)
    failed.push('a test file that could not run');
}

try {
  if (jestArguments.length === 0) step('npm run check', 'npm', ['run', '--silent', 'check']);
  jest();
} finally {
  rmSync(directory, { recursive: true });
}
for (const name of failed) process.stdout.write(`FAILED ${name}\n`);
process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
