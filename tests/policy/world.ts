import type { GithubRunner, RunnerState } from '../../workflows/model.js';
import { noteAction } from '../../workflows/policy/act.js';
import type { Action } from '../../workflows/policy/actions.js';
import { isAlive } from '../../workflows/policy/lifecycle.js';
import { noteRegistrations } from '../../workflows/policy/observe-github.js';
import { noteHost } from '../../workflows/policy/observe-host.js';
import { noteRunner } from '../../workflows/policy/observe-runner.js';
import { plan } from '../../workflows/policy/plan.js';
import { effectiveConfig, newPoolState, type PoolState } from '../../workflows/policy/pool-state.js';
import { Body } from './body.js';
import { configOf, now } from './builders.js';

const job = { repository: 'o/r', workflow: 'CI', job: 'test', runId: '1', runAttempt: 1, runnerName: '' };

/** A host, a GitHub and the runners in truth, beside what the pool believes of them. */
export class World {
  now = now;
  pool: PoolState = newPoolState(configOf());
  readonly bodies = new Map<string, Body>();
  readonly github = new Map<string, GithubRunner>();
  reports: RunnerState[] = [];
  readonly names = new Set<string>();
  /** Why jobs were ended, each time. */
  readonly jobsCutOff: string[] = [];
  githubAnswers = true;
  private readonly lists: { at: number; runners: GithubRunner[] }[] = [];
  private ids = 0;

  get labels(): string[] {
    return this.pool.config.labels;
  }

  /** Bodies for which this holds. */
  those(holds: (body: Body) => boolean): Body[] {
    return [...this.bodies.values()].filter(holds);
  }

  /** Plans and carries out until there is nothing to do; throws when there is no end of it. */
  settle(): Action[] {
    const done: Action[] = [];
    for (let round = 0; round < 20; round += 1) {
      const { actions } = plan(this.pool, this.now);
      if (actions.length === 0) return done;
      for (const action of actions) noteAction(this.pool, action, this.now);
      for (const action of actions) this.carryOut(action);
      done.push(...actions);
    }
    throw new Error('the plan reaches no fixed point');
  }

  private carryOut(action: Action): void {
    if (action.do === 'ask-for-queue') return;
    if (action.do === 'deregister') {
      if (!this.github.get(action.runnerName)?.busy) this.github.delete(action.runnerName);
      return;
    }
    const known = this.pool.runners[action.name];
    if (action.do === 'create') {
      if (this.names.has(action.name)) throw new Error(`${action.name} is used again`);
      this.names.add(action.name);
      if (known) this.bodies.set(action.name, new Body(this, { ...known }));
      return;
    }
    const body = this.bodies.get(action.name);
    if (action.do === 'adopt') {
      if (body?.open) return body.report();
      if (body && known) Object.assign(body, { open: true, adopting: true, state: { ...known } });
      return;
    }
    if (!body?.open) {
      if (known) known.orphaned = true;
      return;
    }
    if (action.do === 'activate') body.activate = true;
    else if (!body.end?.force) body.end = action;
  }

  /** GitHub has answered a request to register. */
  answer(body: Body, accepts: boolean): void {
    body.asking = false;
    const { runnerName } = body.state;
    if (accepts) {
      this.ids += 1;
      this.github.set(runnerName, { id: this.ids, name: runnerName, status: 'offline', busy: false });
    } else {
      const activationsFailed = body.state.activationsFailed + 1;
      const trouble = { type: 'GithubUnavailable', message: '502' };
      body.handedOver = false;
      body.move('standby', { labels: [], activationsFailed, trouble });
    }
  }

  listen(body: Body): void {
    body.events.listening = { at: this.now };
    this.change(body, { status: 'online' });
  }

  /** Its lease has run out. */
  giveUp(body: Body): void {
    this.change(body, { busy: false, status: 'offline' });
  }

  giveJob(body: Body): void {
    this.change(body, { busy: true });
  }

  tellJob(body: Body): void {
    body.events['job-started'] = { at: this.now, ...job };
  }

  /** With the job's end GitHub forgets an ephemeral runner. */
  endJob(body: Body): void {
    this.tellJob(body);
    body.events['job-completed'] = { at: this.now, ...job };
    this.exit(body);
  }

  exit(body: Body): void {
    this.github.delete(body.state.runnerName);
    body.events.exited = { at: this.now, exitCode: 0, serviceResult: 'success' };
  }

  private change(body: Body, changes: Partial<GithubRunner>): void {
    const registration = this.github.get(body.state.runnerName);
    if (registration) this.github.set(registration.name, { ...registration, ...changes });
  }

  /** The pool looks at GitHub's list, which may be as old as so many looks. */
  lookAtGithub(lag = 0): void {
    this.lists.push({ at: this.now, runners: [...this.github.values()] });
    const seen = this.lists[Math.max(0, this.lists.length - 1 - lag)];
    if (seen) noteRegistrations(this.pool, { ...seen, at: this.now });
    this.githubAnswers = true;
  }

  lookAtHost(): void {
    const containers = this.those(({ up }) => up).map(({ state: { name } }) => ({
      name,
      state: 'up' as const,
    }));
    const orphans = Object.values(this.pool.runners)
      .filter(({ name, phase }) => isAlive(phase) && !this.bodies.get(name)?.open)
      .map(({ name }) => name);
    noteHost(this.pool, { at: this.now, containers, orphans }, this.now);
  }

  deliver(report: RunnerState | undefined): void {
    // As it comes over the wire.
    if (report) noteRunner(this.pool, JSON.parse(JSON.stringify(report)) as RunnerState, this.now);
  }

  /** Runners that GitHub may give a job, now or soon. */
  get registered(): number {
    return this.those((body) => body.mayTakeJob).length;
  }

  get most(): number {
    return effectiveConfig(this.pool).maxConcurrentJobs;
  }
}
