import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

/** What the unit of the runner says, by its keys. */
async function runnerUnit(): Promise<Record<string, string[]>> {
  const unit: Record<string, string[]> = {};
  for (const line of (await readFile('nix/container/units/github-runner.service', 'utf8')).split('\n')) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key) unit[key] = [...(unit[key] ?? []), value ?? ''];
  }
  return unit;
}

test('the listener tells a version that GitHub refuses from other failures (actions/runner#2246)', async () => {
  expect((await runnerUnit())['Environment']).toContain(
    'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=true',
  );
});

test('a runner that has ended is never started again (actions-runner-controller#4588)', async () => {
  expect((await runnerUnit())['Restart']).toEqual(['no']);
});
