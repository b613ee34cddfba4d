import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type {
  ContainerActivities,
  GithubActivities,
  LogActivities,
  RegistrationActivities,
  RunnerEventActivities,
} from '../activities/contract.js';
import { hostTaskQueue, sharedTaskQueue } from './model.js';

type OnHost = ContainerActivities & RunnerEventActivities & LogActivities & RegistrationActivities;

/** A worker that was killed is noticed this much later; its activities then run again. */
const heartbeatTimeout = '15 s';

/** What a runner asks for, with the time and the number of tries that each may take. */
export function runnerActivities({
  host,
  runnerStartupTimeoutMs,
}: {
  host: string;
  runnerStartupTimeoutMs: number;
}) {
  const taskQueue = hostTaskQueue(host);
  const short = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;
  // What is half made can't be removed: a cancellation waits until the host has let go of it.
  const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
  const make = proxyActivities<OnHost>({
    taskQueue,
    cancellationType,
    heartbeatTimeout,
    scheduleToCloseTimeout: runnerStartupTimeoutMs,
    retry: { ...short, maximumAttempts: 3 },
  });
  const watch = proxyActivities<OnHost>({
    taskQueue,
    heartbeatTimeout,
    startToCloseTimeout: '30 days',
    retry: { initialInterval: '1 s', backoffCoefficient: 1 },
  });
  const read = proxyActivities<OnHost>({ taskQueue, startToCloseTimeout: '10 s', retry: short });
  const register = proxyActivities<OnHost>({
    taskQueue,
    cancellationType,
    startToCloseTimeout: '60 s',
    scheduleToCloseTimeout: runnerStartupTimeoutMs,
    // While GitHub limits us the pool holds all activations back, so a single runner does not try on its own.
    retry: { ...short, maximumAttempts: 3, nonRetryableErrorTypes: ['GithubRateLimited'] },
  });
  const logs = proxyActivities<OnHost>({
    taskQueue,
    startToCloseTimeout: '2 min',
    retry: { ...short, maximumAttempts: 3 },
  });
  const remove = proxyActivities<OnHost>({
    taskQueue,
    heartbeatTimeout: '60 s',
    startToCloseTimeout: '10 min',
    retry: short,
  });
  const github = { taskQueue: sharedTaskQueue, startToCloseTimeout: '60 s' } as const;
  const ask = proxyActivities<GithubActivities>({ ...github, retry: { ...short, maximumAttempts: 3 } });
  const insist = proxyActivities<GithubActivities>({
    ...github,
    retry: { initialInterval: '2 s', backoffCoefficient: 2, maximumInterval: '5 min' },
  });
  return {
    createContainer: make.createContainer,
    startContainer: make.startContainer,
    awaitRunnerEvent: watch.awaitRunnerEvent,
    readRunnerEvents: read.readRunnerEvents,
    registerRunner: register.registerRunner,
    keepLogs: logs.keepLogs,
    stopContainer: remove.stopContainer,
    destroyContainer: remove.destroyContainer,
    /** Fails after a few tries: for a decision that can wait. */
    removeRunner: ask.removeRunner,
    /** Tries until GitHub answers: for what has to be done. */
    removeRunnerPatiently: insist.removeRunner,
  };
}

export type RunnerActivities = ReturnType<typeof runnerActivities>;
