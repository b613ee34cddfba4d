import { readdirSync } from 'node:fs';
import { describe, expect } from '@jest/globals';
import { postgresTest, program, withServer } from './postgres.js';

const compose = [program('with-temporal-on-postgres')];
const left = () => readdirSync('/tmp').filter((name) => name.startsWith('temporal-on-postgres.'));

describe('Temporal on PostgreSQL, set up as docker-compose.yml does', () => {
  postgresTest('has the namespace with its retention, and leaves nothing behind', async () => {
    const before = left();
    const described = await withServer(compose, 'temporal operator namespace describe --output json');
    expect(JSON.parse(described)).toMatchObject({
      namespaceInfo: { name: 'default', state: 'NAMESPACE_STATE_REGISTERED' },
      config: { workflowExecutionRetentionTtl: '2592000s' },
    });
    expect(left()).toEqual(before);
  });

  postgresTest('takes the set-up again, with a new retention, and keeps its workflows', async () => {
    const again = `
      temporal workflow start --workflow-id pool/a-host --task-queue none --type pool >/dev/null
      ./deploy/temporal/setup-schema.sh >/dev/null 2>&1
      RETENTION=10d ./deploy/temporal/create-namespace.sh >/dev/null
      temporal operator namespace describe --output json | jq -r .config.workflowExecutionRetentionTtl
      temporal workflow describe --workflow-id pool/a-host --output json | jq -r .workflowExecutionInfo.status`;
    expect((await withServer(compose, again)).split('\n')).toEqual([
      '864000s',
      'WORKFLOW_EXECUTION_STATUS_RUNNING',
    ]);
  });

  postgresTest("has its command's exit code", async () => {
    await expect(withServer(compose, 'exit 7')).rejects.toMatchObject({ exitCode: 7 });
  });
});
