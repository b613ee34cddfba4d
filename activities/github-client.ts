import { failure, failureMessage } from '../workflows/failures.js';
import type { GithubRunner } from '../workflows/model.js';
import {
  jitConfigAnswer,
  runnerAnswer,
  runnersAnswer,
  workflowJobsAnswer,
  workflowRunsAnswer,
  type WorkflowJob,
} from './github-answers.js';
import { GithubBudget, type GithubCounters } from './github-budget.js';
import { createRequestSender, type GithubAuth, type GithubLog } from './github-octokit.js';
import { GithubRequests, shaped } from './github-requests.js';

type GithubScope =
  /** `owner/repo`. */
  | { repository: string }
  /** `runnerGroupId` defaults to 1, the group that every organisation has. */
  | { organisation: string; runnerGroupId?: number };

export interface GithubClientOptions {
  /** E.g. https://api.github.com. */
  apiUrl: string;
  scope: GithubScope;
  auth: GithubAuth;
  userAgent?: string;
  log?: GithubLog;
  /** Longest wait for one answer; 10 s unless given. */
  timeoutMs?: number;
}

/**
 * What the pool asks of GitHub. Every call fails with one of ours: ConfigInvalid (the token's file, a request that
 * GitHub does not accept), GithubUnauthorized, GithubRateLimited, GithubUnavailable.
 */
export interface GithubClient {
  readonly scope: GithubScope;
  /** Every registered runner, of all pages. */
  listRunners(): Promise<GithubRunner[]>;
  /** The runner of exactly this name. */
  findRunner(name: string): Promise<GithubRunner | null>;
  getRunner(id: number): Promise<GithubRunner | null>;
  /** `busy`: GitHub refuses, because the runner is running a job. */
  deleteRunner(runner: { id: number; name: string }): Promise<'removed' | 'gone' | 'busy'>;
  /**
   * Registers a runner; asks for it exactly once. After GithubUnavailable it may be registered all the same.
   * Error: RunnerNameTaken.
   */
  generateJitConfig(input: {
    name: string;
    labels: string[];
  }): Promise<{ runnerId: number; jitConfig: string }>;
  /** Ids of the newest workflow runs of a status, at most `atMost`, oldest first. */
  listWorkflowRuns(status: 'queued' | 'in_progress', atMost: number): Promise<number[]>;
  /** The jobs of a run's latest attempt. */
  listJobs(runId: number): Promise<WorkflowJob[]>;
  /** Whether GitHub answers and takes the token, without using up the rate limit. */
  health(): Promise<{ ok: boolean; detail?: string }>;
  counters(): GithubCounters;
  /** True while calls that can wait had better come less often. */
  isBudgetLow(): boolean;
}

/** A repository's only runner group, and an organisation's default one. */
const defaultRunnerGroupId = 1;
const actionsPermission = 'Actions (read)';

/** The GitHub client of one repository or organisation. Makes no call and reads no file until it is used. */
export function createGithubClient(options: GithubClientOptions): GithubClient {
  const { apiUrl, scope, auth, timeoutMs = 10_000, userAgent = 'cdk-runner-pool' } = options;
  const log = options.log ?? { debug: () => undefined, warn: () => undefined };
  const budget = new GithubBudget();
  const sender = createRequestSender({ apiUrl, auth, budget, userAgent, log, timeoutMs });

  const isRepository = 'repository' in scope;
  const target = isRepository ? scope.repository : scope.organisation;
  const actions = `/${isRepository ? 'repos' : 'orgs'}/${target}/actions`;
  const groupId = isRepository ? defaultRunnerGroupId : (scope.runnerGroupId ?? defaultRunnerGroupId);
  const requests = new GithubRequests(sender, budget, {
    credential:
      'tokenFile' in auth
        ? `the token in ${auth.tokenFile}`
        : `the GitHub App with the key ${auth.privateKeyFile}`,
    target: `${isRepository ? 'repository' : 'organisation'} ${target}`,
    permission: `${isRepository ? 'Administration' : 'Self-hosted runners'} (read and write)`,
  });

  const listRunners = (operation: string, parameters: { name?: string } = {}) =>
    requests.list(
      { route: `GET ${actions}/runners`, operation, parameters },
      runnersAnswer,
      (page) => page.runners,
    );

  return {
    scope,

    listRunners: () => listRunners(`list the runners of ${target}`),

    async findRunner(name) {
      const runners = await listRunners(`find runner ${name}`, { name });
      return runners.find((runner) => runner.name === name) ?? null;
    },

    async getRunner(id) {
      const operation = `look up runner ${id}`;
      const answer = await requests.send({
        route: `GET ${actions}/runners/${id}`,
        operation,
        expected: [404],
      });
      return answer.status === 404 ? null : shaped(runnerAnswer, answer.data, operation);
    },

    async deleteRunner({ id, name }) {
      const route = `DELETE ${actions}/runners/${id}`;
      const { status } = await requests.send({
        route,
        operation: `remove runner ${name}`,
        expected: [404, 422],
      });
      if (status === 422) return 'busy';
      return status === 404 ? 'gone' : 'removed';
    },

    async generateJitConfig({ name, labels }) {
      const operation = `register runner ${name}`;
      const { status, data } = await requests.send({
        route: `POST ${actions}/runners/generate-jitconfig`,
        operation,
        parameters: { name, labels, runner_group_id: groupId, work_folder: '_work' },
        expected: [409],
      });
      if (status === 409) throw failure('RunnerNameTaken', `GitHub already has a runner named ${name}.`);
      const { runner, encoded_jit_config } = shaped(jitConfigAnswer, data, operation);
      return { runnerId: runner.id, jitConfig: encoded_jit_config };
    },

    async listWorkflowRuns(status, atMost) {
      const runs = await requests.list(
        {
          route: `GET ${actions}/runs`,
          operation: `list the ${status} workflow runs of ${target}`,
          parameters: { status },
          permission: actionsPermission,
        },
        workflowRunsAnswer,
        (page) => page.workflow_runs,
        atMost,
      );
      // GitHub lists the newest first.
      return runs
        .slice(0, atMost)
        .map(({ id }) => id)
        .reverse();
    },

    listJobs: (runId) =>
      requests.list(
        {
          route: `GET ${actions}/runs/${runId}/jobs`,
          operation: `list the jobs of run ${runId}`,
          parameters: { filter: 'latest' },
          permission: actionsPermission,
        },
        workflowJobsAnswer,
        (page) => page.jobs,
      ),

    async health() {
      try {
        await requests.send({ route: 'GET /rate_limit', operation: 'tell the rate limit' });
        return { ok: true };
      } catch (error) {
        return { ok: false, detail: failureMessage(error) };
      }
    },

    counters: () => budget.counters(),
    isBudgetLow: () => budget.isLow(),
  };
}
