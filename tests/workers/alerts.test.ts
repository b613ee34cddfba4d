import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { demandStatus } from '../../workflows/policy/demand.js';
import { poolStatus } from '../../workflows/policy/status.js';
import { createMetrics } from '../../workers/metrics.js';
import { aPool, idle, now } from '../policy/builders.js';

const calls = { requests: 1, counted: 1, notModified: 0, unanswered: 0, limit: 1, remaining: 1, resetAt: 1 };

test('alerts name metrics that there are', async () => {
  const told = {
    pool: poolStatus(aPool({}, idle(1)), now),
    demand: demandStatus('cashubtc/cdk', [], null, null),
  };
  const shown = await createMetrics('cdk-runner-01').text(told, { ...calls, blockedUntil: null });
  const alerts = await readFile('deploy/prometheus/alerts.yml', 'utf8');
  const named = [...alerts.matchAll(/\brunner_pool_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(9);
  expect(named.filter((name) => !shown.includes(`# TYPE ${name} `))).toEqual([]);
});

test('an alert goes by the age of the oldest queued job (actions-runner-controller#4432)', async () => {
  expect(await readFile('deploy/prometheus/alerts.yml', 'utf8')).toContain(
    'expr: runner_pool_oldest_queued_job_age_seconds >',
  );
});
