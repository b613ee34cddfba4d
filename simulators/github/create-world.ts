import { Contract } from './contract/contract.js';
import { Authenticator } from './http/authenticator.js';
import { RateLimits, SecondaryLimits, usualRateLimits } from './http/rate-limits.js';
import type { GithubSimulatorOptions } from './simulator-api.js';
import { Dispatcher } from './state/dispatcher.js';
import { Faults } from './state/faults.js';
import { RunnerRegistry } from './state/runner-registry.js';
import { WorkflowRuns } from './state/workflow-runs.js';
import type { World } from './world.js';

/** Puts the parts of a simulated GitHub together. */
export function createWorld(options: GithubSimulatorOptions, changed: () => void): World {
  const [owner = '', repo = ''] = options.repository.split('/');
  if (owner === '' || repo === '')
    throw new Error(`repository must be owner/repo, got "${options.repository}"`);
  const { assignmentDelayMs = 0, secondaryPointsPerMinute, app } = options;
  const faults = new Faults();
  const registry = new RunnerRegistry();
  const runs: WorkflowRuns = new WorkflowRuns({
    changed,
    queued(job) {
      job.assignableAt += assignmentDelayMs;
      dispatcher.offer(job);
    },
  });
  const dispatcher = new Dispatcher(
    registry,
    runs,
    faults,
    {
      pollMs: options.pollMs ?? 50_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 3_000,
      busyTimeoutMs: options.busyTimeoutMs ?? 10_000,
      runnerVersion: options.runnerVersion ?? '2.336.0',
    },
    changed,
  );
  return {
    // The socket's address is known only when it listens.
    site: { apiUrl: options.publicUrl ?? '', htmlUrl: 'https://github.com', owner, repo },
    contract: new Contract(),
    authenticator: new Authenticator(options.tokens, app, faults),
    rateLimits: new RateLimits({ ...usualRateLimits, ...options.rateLimits }),
    secondaryLimits: secondaryPointsPerMinute ? new SecondaryLimits(secondaryPointsPerMinute) : undefined,
    faults,
    registry,
    runs,
    dispatcher,
    counts: { total: 0, counted: {}, notModified304: 0, byRoute: {} },
    runnerGroups: options.runnerGroups ?? [1],
    appInstallation: app,
    listLagMs: options.listLagMs ?? 0,
    secrets: [],
    changed,
  };
}
