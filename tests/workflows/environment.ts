import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { GithubActivities } from '../../activities/contract.js';
import { projectFolder } from '../../simulators/stack/project-folder.js';
import { temporalTestServerPath } from '../../simulators/stack/temporal-cli.js';
import { hostTaskQueue, sharedTaskQueue, type QueuedJobs } from '../../workflows/model.js';
import { Leaps } from './leaps.js';
import { githubActivities, hostActivities } from './site-activities.js';
import { Site } from './site.js';

// The test server, unlike the real one, breaks off a workflow task that cancels an activity which has just ended
// (ACTIVITY_UNKNOWN), and the workflow with it. That comes about once in some hundred tests.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
});

/** Longest leap of the clock: heartbeats of activities, due each 15 s, have to keep up. */
const leapMs = 5_000;
/** Real time for heartbeats to arrive, and for workflows to do what a leap made due. */
const breathMs = 20;
/** Real time that something may take which needs no time of its own. */
const patienceMs = 10_000;

/**
 * Temporal's time-skipping test server with a worker for the shared queue, and one for each site. Time leaps only by
 * `pass` and `until`.
 */
export class Environment {
  private readonly sites = new Map<string, Site>();
  private readonly workers: { worker: Worker; running: Promise<void> }[] = [];
  private readonly leaps: Leaps;
  /** Not the environment's own, whose wait for a result lets time leap. */
  readonly client: Client;
  /** The repository's queue, and what stands in the way of seeing it. */
  queued: QueuedJobs[] = [];
  queueFault: Error | null = null;
  /** How often a look at the queue was begun. */
  queueLooks = 0;

  private constructor(private readonly server: TestWorkflowEnvironment) {
    this.client = new Client({ connection: server.connection });
    this.leaps = new Leaps(server);
  }

  static async start(): Promise<Environment> {
    const path = temporalTestServerPath();
    const server = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
    const environment = new Environment(server);
    await environment.run(sharedTaskQueue, environment.github);
    return environment;
  }

  async stop(): Promise<void> {
    for (const { worker } of this.workers) worker.shutdown();
    await Promise.all(this.workers.map(({ running }) => running));
    await this.server.teardown();
  }

  readonly now = () => this.leaps.now();

  /** A site of its own, with a worker for its host unless told otherwise. */
  async createSite({ hasWorker = true } = {}): Promise<Site> {
    const site = new Site(`host${this.sites.size}`, this.now);
    this.sites.set(site.host, site);
    if (hasWorker) await this.startHost(site);
    return site;
  }

  async startHost(site: Site): Promise<void> {
    await this.run(hostTaskQueue(site.host), hostActivities(site));
    this.leaps.workerStarted();
  }

  private async run(taskQueue: string, activities: object): Promise<void> {
    const worker = await Worker.create({
      connection: this.server.nativeConnection,
      taskQueue,
      activities: this.leaps.guard(activities as Parameters<Leaps['guard']>[0]),
      ...(taskQueue === sharedTaskQueue && {
        workflowBundle: { codePath: join(projectFolder(), 'dist', 'workflow-bundle.js') },
      }),
      maxHeartbeatThrottleInterval: 1,
      defaultHeartbeatThrottleInterval: 1,
    });
    this.workers.push({ worker, running: worker.run() });
  }

  /** GitHub, one for all sites. */
  private readonly github: GithubActivities = {
    watchRunners: (input) =>
      githubActivities(this.siteOf(({ host }) => host === input.host)).watchRunners(input),
    removeRunner: (input) =>
      githubActivities(this.siteOf((site) => site.owns(input.runnerName))).removeRunner(input),
    watchDemand: async ({ previous }) => {
      this.queueLooks += 1;
      while (JSON.stringify(this.queued) === JSON.stringify(previous?.queued)) {
        if (this.queueFault) throw this.queueFault;
        await Promise.race([delay(breathMs), Context.current().cancelled]);
        Context.current().heartbeat();
      }
      if (this.queueFault) throw this.queueFault;
      return { at: this.now(), queued: this.queued };
    },
  };

  private siteOf(holds: (site: Site) => boolean): Site {
    const site = [...this.sites.values()].find(holds);
    if (!site) throw new Error('no such site');
    return site;
  }

  /** Lets this much time pass, for workflows and sites alike. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= leapMs) {
      await this.breathe();
      await this.leaps.leap(Math.min(left, leapMs));
    }
    await this.breathe();
  }

  /** Activities heartbeat, which is how a cancellation reaches them, and workflows do what is due. */
  async breathe(): Promise<void> {
    for (const site of this.sites.values()) site.changed();
    await delay(breathMs);
  }

  /** Waits until it is there, without letting time leap. */
  async see<T>(look: () => Promise<T | false | undefined> | T | false | undefined, what: string): Promise<T> {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await this.breathe()) {
      const found = await look();
      if (found !== false && found !== undefined) return found;
    }
    throw new Error(`${what}: did not come about`);
  }

  /** Lets time pass until it holds, at most so much; returns how much it took. */
  async until(holds: () => Promise<boolean> | boolean, withinMs: number): Promise<number> {
    for (let passed = 0; passed <= withinMs; passed += leapMs) {
      if (await holds()) return passed;
      await this.pass(leapMs);
    }
    throw new Error(`it did not come about within ${withinMs / 1000} s`);
  }
}
