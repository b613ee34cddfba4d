import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { workflowBundlePath } from '../../workers/workflow-bundle.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const folder = join(projectFolder(), 'tests', 'replay', 'histories');
const recorded = readdirSync(folder);
const bundle = join(projectFolder(), 'dist', workflowBundlePath.split('/').at(-1) ?? '');

test('there is a history of each workflow', () => {
  expect(recorded.sort()).toEqual(['demand.json', 'pool.json', 'runner-drain.json', 'runner-job-done.json']);
});

describe('a workflow that began before this change goes on after it:', () => {
  test.each(recorded)(
    '%s',
    async (file) => {
      const history: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      await Worker.runReplayHistory({ workflowBundle: { codePath: bundle } }, history);
    },
    60_000,
  );
});
