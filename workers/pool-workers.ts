import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { RunCommand } from '../activities/command-runner.js';
import { createContainerActivities } from '../activities/containers.js';
import { createGithubActivities } from '../activities/github.js';
import type { GithubClient } from '../activities/github-client.js';
import { createHostActivities } from '../activities/host.js';
import { createLogActivities } from '../activities/logs.js';
import { createRegistrationActivities } from '../activities/registration.js';
import { createRunnerEventActivities } from '../activities/runner-events.js';
import { hostTaskQueue, runnerWorkflowId, sharedTaskQueue } from '../workflows/model.js';
import type { WorkerConfig } from './config.js';
import { tellingJobs, type JobMetrics } from './metrics-jobs.js';
import { workflowBundlePath } from './workflow-bundle.js';

/** Each runner keeps one activity waiting for its container; a pool has at most 200 of them, and their removals. */
const maxHostActivities = 500;
const perRunnerLogBytes = 32 * 2 ** 20;

interface Parts {
  runCommand: RunCommand;
  config: WorkerConfig;
  github: GithubClient;
  jobs: JobMetrics;
  client: Client;
  connection: NativeConnection;
  namespace: string;
}

/** The two workers of a host's process: one for workflows and GitHub, one for what only this host can do. */
export async function createPoolWorkers(parts: Parts): Promise<Worker[]> {
  const { config, github, connection, namespace } = parts;
  const { host } = config.pool;
  // The grace time stays 0: activities that wait are broken off at once and go on in the next worker.
  const common = {
    connection,
    namespace,
    identity: `${host}/${process.pid}`,
    shutdownForceTime: '30 s',
  } as const;
  return await Promise.all([
    Worker.create({
      ...common,
      taskQueue: sharedTaskQueue,
      workflowBundle: { codePath: workflowBundlePath },
      activities: createGithubActivities(github),
    }),
    Worker.create({
      ...common,
      taskQueue: hostTaskQueue(host),
      activities: hostActivities(parts),
      maxConcurrentActivityTaskExecutions: maxHostActivities,
    }),
  ]);
}

function hostActivities({ config, github, jobs, client, runCommand }: Parts) {
  const { nixosContainer, runtimeDir, confDir, rootDir, minFreeBytes } = config;
  const onHost = { runCommand, nixosContainer, runtimeDir, confDir, rootDir, minFreeBytes };
  return {
    ...createContainerActivities({
      ...onHost,
      privateUsers: config.privateUsers,
      extraNspawnFlags: config.extraNspawnFlags,
      outBytes: config.outBytes,
    }),
    ...tellingJobs(createRunnerEventActivities({ runtimeDir }), config.pool.host, jobs),
    ...createRegistrationActivities({ client: github, runtimeDir }),
    ...createLogActivities({
      logDir: config.logDir,
      runtimeDir,
      rootDir,
      maxAgeMs: config.logMaxAgeMs,
      maxBytes: config.logMaxBytes,
      perRunnerMaxBytes: perRunnerLogBytes,
    }),
    ...createHostActivities({
      ...onHost,
      isRunnerOpen: (name) => isRunnerOpen(client, config.pool.host, name),
    }),
  };
}

async function isRunnerOpen(client: Client, host: string, name: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(runnerWorkflowId(host, name)).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    // Temporal does not answer: no evidence that the workflow is gone.
    return true;
  }
}
