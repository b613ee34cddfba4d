import type { WorkflowHandle } from '@temporalio/client';
import { demandChangedSignal, drainSignal, statusQuery } from '../../workflows/messages.js';
import {
  poolWorkflowId,
  runnerWorkflowId,
  sharedTaskQueue,
  type Phase,
  type PoolConfig,
} from '../../workflows/model.js';
import type { PoolStatus } from '../../workflows/policy/status.js';
import type { PoolInput, poolWorkflow } from '../../workflows/pool.js';
import type { Environment } from './environment.js';
import type { Site } from './site.js';

export function configOf(site: Site, changes: Partial<PoolConfig> = {}): PoolConfig {
  const maxConcurrentJobs = changes.maxConcurrentJobs ?? 2;
  return {
    host: site.host,
    repository: 'cashubtc/cdk',
    labels: ['self-hosted', 'nix'],
    maxConcurrentJobs,
    warmRunners: maxConcurrentJobs,
    standbyContainers: 1,
    pollIntervalMs: 10_000,
    jobTimeoutMs: 3_600_000,
    runnerStartupTimeoutMs: 60_000,
    containerSystem: '/nix/store/system',
    githubServerUrl: 'https://github.com',
    ...changes,
  };
}

const queryPatienceMs = 2_000;

/** A pool workflow on a site. */
export class PoolUnderTest {
  private constructor(
    private readonly environment: Environment,
    readonly site: Site,
    readonly handle: WorkflowHandle<typeof poolWorkflow>,
  ) {}

  static async start(
    environment: Environment,
    site: Site,
    changes: Partial<PoolConfig> = {},
    options: Omit<PoolInput, 'config'> = {},
  ): Promise<PoolUnderTest> {
    const workflowId = poolWorkflowId(site.host);
    await environment.client.workflow.start<typeof poolWorkflow>('poolWorkflow', {
      args: [{ config: configOf(site, changes), ...options }],
      workflowId,
      taskQueue: sharedTaskQueue,
    });
    // Without a run id, it is whichever run is the present one.
    return new PoolUnderTest(
      environment,
      site,
      environment.client.workflow.getHandle<typeof poolWorkflow>(workflowId),
    );
  }

  /** Starts it and waits until it is full. */
  static async full(...args: Parameters<typeof PoolUnderTest.start>): Promise<PoolUnderTest> {
    const pool = await PoolUnderTest.start(...args);
    await pool.isFull();
    return pool;
  }

  /** The test server loses a query that meets the end of a run, so it is asked again. */
  async status(attempts = 5): Promise<PoolStatus> {
    const { client } = this.environment;
    try {
      return await client.withDeadline(Date.now() + queryPatienceMs, () => this.handle.query(statusQuery));
    } catch (error) {
      if (attempts <= 1) throw error;
      return await this.status(attempts - 1);
    }
  }

  /** Waits until its status is such, without letting time leap. */
  async see(isSuch: (status: PoolStatus) => boolean, what: string): Promise<PoolStatus> {
    let last: PoolStatus | undefined;
    const look = async () => {
      last = await this.status();
      return isSuch(last) && last;
    };
    try {
      return await this.environment.see(look, what);
    } catch (error) {
      throw new Error(`${what}: did not come about: ${JSON.stringify(last)}`, { cause: error });
    }
  }

  /** Lets time pass until its status is such. */
  async until(isSuch: (status: PoolStatus) => boolean, withinMs = 60_000): Promise<PoolStatus> {
    await this.environment.until(async () => isSuch(await this.status()), withinMs);
    return await this.status();
  }

  async isFull(): Promise<PoolStatus> {
    const countOf = (runners: PoolStatus['runners'], phase: Phase) =>
      runners.filter((runner) => runner.phase === phase).length;
    return await this.see(({ runners, config }) => {
      const { warmRunners, standbyContainers } = config;
      const isRight =
        countOf(runners, 'idle') === warmRunners && countOf(runners, 'standby') === standbyContainers;
      return isRight && runners.length === warmRunners + standbyContainers;
    }, 'a full pool');
  }

  /** Names of the runners in this phase. */
  async names(phase: Phase): Promise<string[]> {
    const { runners } = await this.status();
    return runners.filter((runner) => runner.phase === phase).map(({ name }) => name);
  }

  async name(phase: Phase): Promise<string> {
    const [name] = await this.names(phase);
    if (name === undefined) throw new Error(`no runner is ${phase}`);
    return name;
  }

  /** An idle runner gets a job. */
  async begin(): Promise<string> {
    await this.see(({ runners }) => runners.some(({ phase }) => phase === 'idle'), 'an idle runner');
    const name = await this.name('idle');
    this.site.startJob(name);
    await this.see(
      ({ runners }) => runners.some((runner) => runner.name === name && runner.phase === 'busy'),
      'a busy runner',
    );
    return name;
  }

  async queue(queued: number, oldestQueuedAt = this.environment.now()): Promise<void> {
    await this.handle.signal(demandChangedSignal, { queued, oldestQueuedAt, at: this.environment.now() });
  }

  runner(name: string): WorkflowHandle {
    return this.environment.client.workflow.getHandle(runnerWorkflowId(this.site.host, name));
  }

  async runId(): Promise<string> {
    return (await this.handle.describe()).runId;
  }

  /** Drains it, whatever it is at, and ends it; the site shows what is left. */
  async end(): Promise<void> {
    // The test server, unlike the real one, trips over the cancellation of an activity that has just ended.
    await this.soon(({ runners }) => runners.every(({ phase }) => phase !== 'creating'), 60_000);
    await this.handle.signal(drainSignal, { mode: 'now' });
    await this.soon(({ runners }) => runners.length === 0, 300_000);
    // A workflow that ends while an activity runs leaves the clock locked.
    this.site.close();
    await this.environment.see(() => this.site.waiting === 0, 'no activity');
    await this.handle.terminate();
  }

  /** Waits until its status is such; time leaps when it takes some. */
  private async soon(isSuch: (status: PoolStatus) => boolean, withinMs: number): Promise<void> {
    for (let polls = 0; polls < 25; polls += 1) {
      if (isSuch(await this.status())) return;
      await this.environment.breathe();
    }
    await this.until(isSuch, withinMs);
  }
}
