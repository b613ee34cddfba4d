import type { EndReason, Phase, RunnerEvents, RunnerState } from '../../workflows/model.js';
import { mayMove } from '../../workflows/policy/lifecycle.js';
import { nextStep } from '../../workflows/policy/runner-step.js';
import { minutes } from './builders.js';
import type { World } from './world.js';

type End = { reason: EndReason; force: boolean; detail?: string };

/** One container and its workflow, as they are in truth: the pool learns of them by reports and looks alone. */
export class Body {
  /** Its workflow runs. */
  open = true;
  /** Its container stands. */
  up = false;
  /** A registration is under way at GitHub. */
  asking = false;
  /** A registration was tried. */
  handedOver = false;
  adopting = false;
  activate = false;
  end?: End;
  events: RunnerEvents = { refused: [] };

  constructor(
    private readonly world: World,
    public state: RunnerState,
  ) {}

  get isRemoving(): boolean {
    return this.state.phase === 'removing' || this.state.phase === 'removed';
  }

  /** GitHub may give it a job, now or soon. */
  get mayTakeJob(): boolean {
    if (this.isRemoving) return false;
    return this.asking || this.world.github.has(this.state.runnerName) || (this.open && this.activate);
  }

  report(): void {
    this.state = { ...this.state, version: this.state.version + 1 };
    this.world.reports.push(this.state);
  }

  move(phase: Phase, changes: Partial<RunnerState> = {}): void {
    if (!mayMove(this.state.phase, phase))
      throw new Error(`${this.state.name} from ${this.state.phase} to ${phase}`);
    this.state = { ...this.state, phase, phaseSince: this.world.now, ...changes };
    this.report();
  }

  /** Its workflow does what is next, one step. */
  act(): void {
    if (!this.open || this.isRemoving) return;
    if (this.adopting) return this.findOut();
    if (this.state.phase === 'creating') return this.end ? this.finish(this.end.reason) : undefined;
    if (this.asking) return;
    const lost = this.up ? undefined : 'gone';
    const { state, events, end, activate } = this;
    const deadline = state.phase === 'registering' ? state.phaseSince + minutes(10) : null;
    const step = nextStep({ phase: state.phase, events, lost, end, activate, deadline }, this.world.now);
    switch (step.step) {
      case 'wait':
      case 'expire':
        return;
      case 'register':
        Object.assign(this, { activate: false, asking: true, handedOver: true });
        // By the pool's own order, so it is not told.
        this.state = {
          ...this.state,
          phase: 'registering',
          phaseSince: this.world.now,
          labels: this.world.labels,
        };
        return;
      case 'become':
        return this.move(step.phase);
      case 'decline':
        return this.decline();
      case 'ask':
        return this.ask(step.reason);
      case 'end':
      case 'kill':
        return this.finish(step.reason);
    }
  }

  /** Taken over: what its container is at. */
  private findOut(): void {
    this.adopting = false;
    if (!this.up) return this.finish('container-lost');
    if (!this.events.booted) return this.finish('container-failed');
    if (this.handedOver) this.move('registering', { labels: this.world.labels });
    else this.move('standby');
  }

  private ask(reason: EndReason): void {
    const registration = this.world.github.get(this.state.runnerName);
    if (!this.world.githubAnswers) return this.decline();
    if (!registration?.busy) return this.finish(reason);
    if (this.state.phase !== 'busy') this.move('busy');
    this.decline();
  }

  private decline(): void {
    this.end = undefined;
    this.state = { ...this.state, endsRefused: this.state.endsRefused + 1 };
    this.report();
  }

  finish(endReason: EndReason): void {
    const isWorking = this.world.github.get(this.state.runnerName)?.busy === true && this.up;
    if (isWorking) this.world.jobsCutOff.push(`${endReason}${this.end?.force ? '!' : ''}`);
    else this.world.github.delete(this.state.runnerName);
    this.asking = false;
    this.move('removing', { endReason });
  }

  /** Its workflow ends, by itself or not; its last reports are there before anyone can miss it. */
  close(): void {
    this.open = false;
    const { name } = this.state;
    const { reports } = this.world;
    this.world.reports = reports.filter((report) => report.name !== name);
    for (const report of reports) if (report.name === name) this.world.deliver(report);
  }

  /** Its container and its registration are gone. */
  vanish(): void {
    this.up = false;
    this.world.github.delete(this.state.runnerName);
    this.move('removed', { containerGone: true });
    this.close();
  }
}
