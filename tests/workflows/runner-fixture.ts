import type { WorkflowHandle } from '@temporalio/client';
import { activateSignal, endSignal, timelineQuery } from '../../workflows/messages.js';
import { runnerWorkflowId, sharedTaskQueue, type Phase, type RunnerTimeline } from '../../workflows/model.js';
import { formatName } from '../../workflows/policy/names.js';
import type { RunnerInput, runnerWorkflow } from '../../workflows/runner.js';
import type { Environment } from './environment.js';
import type { Site } from './site.js';

export const jobTimeoutMs = 120_000;
export const runnerStartupTimeoutMs = 60_000;

let serial = 0;

/** A runner workflow of its own, without a pool. */
export class RunnerUnderTest {
  private constructor(
    private readonly environment: Environment,
    readonly site: Site,
    readonly name: string,
    readonly handle: WorkflowHandle<typeof runnerWorkflow>,
  ) {}

  static async start(
    environment: Environment,
    site: Site,
    changes: Partial<RunnerInput> & { name?: string } = {},
  ) {
    const { name = formatName((serial += 1), 0), ...rest } = changes;
    const { host } = site;
    const now = environment.now();
    const input: RunnerInput = {
      host,
      runner: {
        name,
        slot: 0,
        runnerName: site.runnerNameOf(name),
        phase: 'creating',
        phaseSince: now,
        createdAt: now,
        system: '/nix/store/system',
        labels: [],
        containerGone: false,
        activationsFailed: 0,
        endsRefused: 0,
        version: 0,
      },
      adopt: false,
      jobTimeoutMs,
      runnerStartupTimeoutMs,
      githubServerUrl: 'https://github.com',
      ...rest,
    };
    const handle = await environment.client.workflow.start<typeof runnerWorkflow>('runnerWorkflow', {
      args: [input],
      workflowId: runnerWorkflowId(host, name),
      taskQueue: sharedTaskQueue,
    });
    return new RunnerUnderTest(environment, site, name, handle);
  }

  get runnerName(): string {
    return this.site.runnerNameOf(this.name);
  }

  async phase(): Promise<Phase> {
    return (await this.handle.query(timelineQuery)).phase;
  }

  /** Waits until it is in this phase. */
  async in(phase: Phase): Promise<this> {
    await this.environment.see(async () => (await this.phase()) === phase, `${this.name} ${phase}`);
    return this;
  }

  /** Brings it this far. */
  async reach(phase: 'standby' | 'registering' | 'idle' | 'busy'): Promise<this> {
    await this.in('standby');
    if (phase === 'standby') return this;
    if (phase === 'registering') this.site.listens = false;
    await this.activate();
    if (phase === 'registering') {
      await this.environment.see(() => this.site.registrations.has(this.runnerName), 'registration');
      return this.in('registering');
    }
    await this.in('idle');
    if (phase === 'busy') this.site.startJob(this.name);
    return this.in(phase);
  }

  async activate(): Promise<void> {
    await this.handle.signal(activateSignal, { labels: ['self-hosted'], jobTimeoutMs });
  }

  async end(reason: 'drain' | 'cleanup' | 'ghost', force = reason === 'cleanup'): Promise<void> {
    await this.handle.signal(endSignal, { reason, force });
  }

  async isOver(): Promise<boolean> {
    return (await this.handle.describe()).status.name !== 'RUNNING';
  }

  /** Its record, once it is over; time leaps until then. */
  async timeline(withinMs = 60_000): Promise<RunnerTimeline> {
    await this.environment.until(() => this.isOver(), withinMs);
    return await this.handle.result();
  }
}
