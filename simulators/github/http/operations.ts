import type { Answer } from '../contract/contract.js';
import type { OperationId } from '../contract/operations.js';
import { presentRepository } from '../present/repository.js';
import type { World } from '../world.js';
import { createInstallationToken, getInstallation } from './app-operations.js';
import type { Call } from './call.js';
import { cancelRun, getRun, listJobs, listRuns } from './run-operations.js';
import {
  createRunnerToken,
  deleteRunner,
  generateJitConfig,
  getRunner,
  listRunners,
} from './runner-operations.js';

/** What each operation does. An error is thrown as a GithubError. */
export const operations: Record<OperationId, (world: World, call: Call) => Answer> = {
  'repos/get': (world) => ({ status: 200, body: presentRepository(world.site) }),
  'rate-limit/get': getRateLimit,
  'actions/list-self-hosted-runners-for-repo': (world, call) => listRunners(world, 'repository', call),
  'actions/get-self-hosted-runner-for-repo': (world, call) => getRunner(world, 'repository', call),
  'actions/delete-self-hosted-runner-from-repo': (world, call) => deleteRunner(world, 'repository', call),
  'actions/generate-runner-jitconfig-for-repo': (world, call) => generateJitConfig(world, 'repository', call),
  'actions/create-registration-token-for-repo': createRunnerToken,
  'actions/create-remove-token-for-repo': createRunnerToken,
  'actions/list-self-hosted-runners-for-org': (world, call) => listRunners(world, 'organization', call),
  'actions/get-self-hosted-runner-for-org': (world, call) => getRunner(world, 'organization', call),
  'actions/delete-self-hosted-runner-from-org': (world, call) => deleteRunner(world, 'organization', call),
  'actions/generate-runner-jitconfig-for-org': (world, call) =>
    generateJitConfig(world, 'organization', call),
  'actions/create-registration-token-for-org': createRunnerToken,
  'actions/create-remove-token-for-org': createRunnerToken,
  'actions/list-workflow-runs-for-repo': listRuns,
  'actions/get-workflow-run': getRun,
  'actions/list-jobs-for-workflow-run': listJobs,
  'actions/cancel-workflow-run': cancelRun,
  'apps/create-installation-access-token': createInstallationToken,
  'apps/get-repo-installation': getInstallation,
};

function getRateLimit({ rateLimits }: World, { identity }: Call): Answer {
  const core = rateLimits.state(identity, 'core');
  const registration = rateLimits.state(identity, 'actions_runner_registration');
  const search = { limit: 30, remaining: 30, used: 0, reset: core.reset };
  const resources = { core, search, actions_runner_registration: registration };
  return { status: 200, body: { resources, rate: core } };
}
