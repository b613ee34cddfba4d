import type { Contract } from './contract/contract.js';
import type { Authenticator } from './http/authenticator.js';
import type { RateLimits, SecondaryLimits } from './http/rate-limits.js';
import type { RequestCounts } from './model.js';
import type { Site } from './present/site.js';
import type { Dispatcher } from './state/dispatcher.js';
import type { Faults } from './state/faults.js';
import type { RunnerRegistry } from './state/runner-registry.js';
import type { WorkflowRuns } from './state/workflow-runs.js';

/** The parts of one simulated GitHub, for those who answer requests with them. */
export interface World {
  site: Site;
  contract: Contract;
  authenticator: Authenticator;
  rateLimits: RateLimits;
  secondaryLimits?: SecondaryLimits;
  faults: Faults;
  registry: RunnerRegistry;
  runs: WorkflowRuns;
  dispatcher: Dispatcher;
  counts: RequestCounts;
  /** Groups that runners may join, besides 2, which is GitHub's own. */
  runnerGroups: readonly number[];
  appInstallation?: { appId: number; installationId: number };
  /** Newly registered runners are missing from lists for so long. */
  listLagMs: number;
  /** Every JIT configuration that was handed out and the secret in it, for a search for leaks. */
  secrets: string[];
  changed: () => void;
}
