import { EventEmitter, setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { failure } from '../../workflows/failures.js';
import type { GithubRunner, HostContainer, JobEvent, RunnerEvents } from '../../workflows/model.js';
import { containerOf } from '../../workflows/policy/names.js';
import type { ActivityName } from './site-activities.js';

interface Container {
  state: 'up' | 'down';
  events: RunnerEvents;
  handedOver: boolean;
}

/**
 * A host and its part of GitHub, in memory: they keep what `activities/contract.ts` promises and count what they are
 * asked. Everything goes well until a test says otherwise; only jobs begin and end by the test's word.
 */
export class Site {
  readonly containers = new Map<string, Container>();
  readonly registrations = new Map<string, GithubRunner>();
  /** How often each activity was called. */
  readonly calls: Partial<Record<ActivityName, number>> = {};
  /** The same, in the order of the calls; and when one that waited has ended. */
  readonly order: string[] = [];
  /** Why each container was destroyed, as its host was told. */
  readonly destroyed: Record<string, string> = {};
  /** Runner names that GitHub's list leaves out. */
  readonly hidden = new Set<string>();
  /** Runner names that GitHub calls busy whatever has become of them. */
  readonly stuck = new Set<string>();
  /** What happens by itself; false: the test does it. */
  boots = true;
  listens = true;
  /** Names whose workflow is not running, as the host finds them. */
  orphans: string[] = [];
  full: string | undefined;
  private readonly faults: { activity: ActivityName; error: () => Error; times: number }[] = [];
  private readonly changes = new EventEmitter();
  private ids = 0;

  constructor(
    readonly host: string,
    readonly now: () => number,
  ) {
    setMaxListeners(0, this.changes);
  }

  /** The next `times` calls of this activity fail so. */
  fail(activity: ActivityName, error: () => Error, times = Infinity): void {
    this.faults.push({ activity, error, times });
  }

  /** All goes well again. */
  mend(activity?: ActivityName): void {
    const kept = activity ? this.faults.filter((fault) => fault.activity !== activity) : [];
    this.faults.splice(0, this.faults.length, ...kept);
    this.changed();
  }

  /** Nothing works here any more, and no activity waits. */
  close(): void {
    const closed = () => failure('HostUnavailable', 'closed');
    this.fail('watchHost', closed);
    this.fail('watchRunners', closed);
    this.changed();
  }

  /** Activities that wait for a change. */
  get waiting(): number {
    return this.changes.listenerCount('change');
  }

  /** Lets each waiting activity look again, and heartbeat, which is how a cancellation reaches it. */
  changed(): void {
    this.changes.emit('change');
  }

  /** What is left on the host and at GitHub. */
  left(): { containers: string[]; registrations: string[] } {
    return { containers: [...this.containers.keys()], registrations: [...this.registrations.keys()] };
  }

  runnerNameOf = (name: string) => `${this.host}-${name}`;

  boot(name: string): void {
    this.container(name).events.booted ??= { at: this.now() };
    this.container(name).state = 'up';
    this.changed();
  }

  listen(name: string): void {
    this.container(name).events.listening = { at: this.now() };
    this.register(name, { status: 'online' });
    this.changed();
  }

  /** A container that stands already, and is this far. */
  place(name: string, phase: 'made' | 'standby' | 'idle'): void {
    this.containers.set(name, { state: 'down', events: { refused: [] }, handedOver: phase === 'idle' });
    if (phase === 'made') return;
    this.boot(name);
    if (phase === 'standby') return;
    this.enlist(this.runnerNameOf(name));
    this.listen(name);
  }

  /** GitHub has a registration under this name. */
  enlist(runnerName: string): number {
    this.ids += 1;
    this.registrations.set(runnerName, { id: this.ids, name: runnerName, status: 'offline', busy: false });
    return this.ids;
  }

  /** A job begins; `silently`: GitHub knows of it before the runner says so. */
  startJob(name: string, job = 'test', silently = false): void {
    this.register(name, { busy: true });
    if (!silently) this.container(name).events['job-started'] = this.jobEvent(name, job);
    this.changed();
  }

  /** The job is done: GitHub forgets the runner, and the runner ends. */
  finishJob(name: string): void {
    const { events } = this.container(name);
    const { job } = events['job-started'] ?? { job: 'test' };
    events['job-completed'] = this.jobEvent(name, job);
    this.exit(name, 0);
  }

  exit(name: string, exitCode: number, serviceResult = exitCode === 0 ? 'success' : 'exit-code'): void {
    this.registrations.delete(this.runnerNameOf(name));
    this.container(name).events.exited = { at: this.now(), exitCode, serviceResult };
    this.changed();
  }

  /** The container vanishes with its files. */
  lose(name: string): void {
    this.containers.delete(name);
    this.changed();
  }

  /** The container dies; its files stay. */
  kill(name: string): void {
    this.container(name).state = 'down';
    this.changed();
  }

  /** GitHub sees that a job is over whose runner is gone. */
  letGo(name: string): void {
    this.stuck.delete(this.runnerNameOf(name));
    this.register(name, { busy: false, status: 'offline' });
    this.changed();
  }

  /** GitHub loses the registration (actions/runner#4617). */
  forget(name: string): void {
    this.registrations.delete(this.runnerNameOf(name));
    this.changed();
  }

  container(name: string): Container {
    const container = this.containers.get(name);
    if (!container) throw failure('ContainerLost', `container ${name} is not there`);
    return container;
  }

  register(name: string, changes: Partial<GithubRunner>): void {
    const runnerName = this.runnerNameOf(name);
    const known = this.registrations.get(runnerName);
    if (known) this.registrations.set(runnerName, { ...known, ...changes });
  }

  private jobEvent(name: string, job: string): JobEvent {
    const runnerName = this.runnerNameOf(name);
    return {
      at: this.now(),
      repository: 'cashubtc/cdk',
      workflow: 'CI',
      job,
      runId: '7',
      runAttempt: 1,
      runnerName,
    };
  }

  list(): GithubRunner[] {
    return [...this.registrations.values()]
      .filter(({ name }) => !this.hidden.has(name))
      .sort((a, b) => a.id - b.id);
  }

  look(): HostContainer[] {
    const containers = [...this.containers].map(([name, { state }]) => ({ name, state }));
    return containers.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  count(activity: ActivityName): void {
    this.calls[activity] = (this.calls[activity] ?? 0) + 1;
    this.order.push(activity);
    this.failIfTold(activity);
  }

  private failIfTold(activity: ActivityName): void {
    const fault = this.faults.find((candidate) => candidate.activity === activity && candidate.times > 0);
    if (!fault) return;
    fault.times -= 1;
    throw fault.error();
  }

  /** Waits, heartbeating at each change, until there is something; faults that are told meanwhile end it too. */
  async until<T>(activity: ActivityName, look: () => T | undefined): Promise<T> {
    const context = Context.current();
    let attempt = () => {};
    const found = new Promise<T>((resolve, reject) => {
      attempt = () => {
        try {
          context.heartbeat();
          this.failIfTold(activity);
          const seen = look();
          if (seen !== undefined) resolve(seen);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
    });
    this.changes.on('change', attempt);
    try {
      attempt();
      return await Promise.race([found, context.cancelled]);
    } finally {
      this.changes.off('change', attempt);
      this.order.push(`${activity} ends`);
    }
  }

  owns(runnerName: string): boolean {
    return containerOf(this.host, runnerName) !== null;
  }
}
