import { randomBytes } from 'node:crypto';
import type { Runner, RunnerScope } from '../model.js';

export interface Registration {
  scope: RunnerScope;
  name: string;
  labels: string[];
  groupId: number;
  at: number;
}

/** The runners that GitHub knows, whether or not anything runs behind them. */
export class RunnerRegistry {
  readonly #byId = new Map<number, Runner>();
  #lastId = 1000;

  /** Registers an offline runner; `name-taken` when the scope has one of that name. */
  register({ scope, name, labels, groupId, at }: Registration): Runner | 'name-taken' {
    if (this.list({ scope, name }).length > 0) return 'name-taken';
    const runner: Runner = {
      id: ++this.#lastId,
      name,
      scope,
      labels,
      groupId,
      clientId: `sim-jit-${randomBytes(24).toString('hex')}`,
      status: 'offline',
      busy: false,
      version: null,
      createdAt: at,
    };
    this.#byId.set(runner.id, runner);
    return runner;
  }

  find(id: number): Runner | undefined {
    return this.#byId.get(id);
  }

  /** In the order of registration. */
  list({ scope, name }: { scope?: RunnerScope; name?: string } = {}): Runner[] {
    return [...this.#byId.values()].filter(
      (runner) => (!scope || runner.scope === scope) && (name === undefined || runner.name === name),
    );
  }

  /** Forgets a runner, busy or not. */
  remove(id: number): void {
    this.#byId.delete(id);
  }
}

/** GitHub compares labels without regard to case. */
export function carriesAll(runnerLabels: string[], jobLabels: string[]): boolean {
  const carried = new Set(runnerLabels.map((label) => label.toLowerCase()));
  return jobLabels.every((label) => carried.has(label.toLowerCase()));
}
