import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { log, setHandler } from '@temporalio/workflow';
import { failure } from './failures.js';
import * as messages from './messages.js';
import type { Accepted } from './messages.js';
import { orderFault, parseOrder, type Order, type OrderInput, type OrderName } from './orders.js';
import { isAlive } from './policy/lifecycle.js';
import { noteDemand } from './policy/demand.js';
import { noteRunner } from './policy/observe-runner.js';
import { plan } from './policy/plan.js';
import { effectiveConfig, type PoolRunner, type PoolState } from './policy/pool-state.js';
import { isOutdated } from './policy/census.js';
import { poolStatus } from './policy/status.js';

const rejectedKept = 10;

/** Takes orders from people, as signals or as updates of the same name, and reports from runners and from demand. */
export function handleOrders(state: PoolState, changed: () => void): void {
  handle('drain', messages.drainSignal, messages.drainUpdate, drain);
  handle('resume', messages.resumeSignal, messages.resumeUpdate, resume);
  handle('cleanup', messages.cleanupSignal, messages.cleanupUpdate, cleanup);
  handle('recycle', messages.recycleSignal, messages.recycleUpdate, recycle);
  handle('resize', messages.resizeSignal, messages.resizeUpdate, resize);
  handle('configure', messages.configureSignal, messages.configureUpdate, configure);
  setHandler(messages.statusQuery, () => poolStatus(state, Date.now()));
  setHandler(messages.planQuery, () => plan(state, Date.now()));
  setHandler(messages.runnerChangedSignal, (runner) => {
    noteRunner(state, runner, Date.now());
    changed();
  });
  setHandler(messages.demandChangedSignal, (demand) => {
    noteDemand(state, demand);
    changed();
  });

  function handle<Name extends OrderName>(
    name: Name,
    signal: SignalDefinition<[OrderInput<Name>?]>,
    update: UpdateDefinition<Accepted, [OrderInput<Name> | undefined]>,
    carryOut: (state: PoolState, order: Order<Name>) => PoolRunner[],
  ) {
    const accept = (input: unknown): Accepted => {
      const runners = carryOut(state, parseOrder(name, input));
      changed();
      return { accepted: name, runners: runners.map((runner) => runner.name) };
    };
    const faultOf = (input: unknown) => orderFault(name, input) ?? hostFault(state, name, input);
    setHandler(signal, (input) => {
      const fault = faultOf(input);
      if (fault === null) accept(input);
      else reject(state, name, fault);
    });
    setHandler(update, accept, {
      validator: (input) => {
        const fault = faultOf(input);
        if (fault !== null) throw failure('ConfigInvalid', fault);
      },
    });
  }
}

/** A signal has nobody to answer to: the status says what was wrong with it. */
function reject(state: PoolState, order: OrderName, reason: string): void {
  log.warn('order rejected', { order, reason });
  state.rejected = [...state.rejected, { at: Date.now(), order, reason }].slice(-rejectedKept);
}

function hostFault(state: PoolState, name: OrderName, input: unknown): string | null {
  if (name !== 'configure') return null;
  const { host } = parseOrder('configure', input);
  return host === state.config.host ? null : `configure: this is the pool of ${state.config.host}, not of ${host}`;
}

function alive(state: PoolState): PoolRunner[] {
  return Object.values(state.runners).filter(({ phase }) => isAlive(phase));
}

function drain(state: PoolState, { mode, reason }: Order<'drain'>): PoolRunner[] {
  state.drain = { mode, reason, since: state.drain?.since ?? Date.now() };
  return alive(state).filter(({ phase }) => mode === 'now' || phase !== 'busy');
}

function resume(state: PoolState): PoolRunner[] {
  state.drain = null;
  // A person who resumes has mended something: no pause from before holds.
  endPauses(state);
  return [];
}

function cleanup(state: PoolState, { reason }: Order<'cleanup'>): PoolRunner[] {
  const runners = alive(state);
  for (const runner of runners) runner.mustEnd = { reason: 'cleanup', force: true, detail: reason };
  return runners;
}

function recycle(state: PoolState): PoolRunner[] {
  const config = effectiveConfig(state);
  const runners = alive(state).filter((runner) => runner.phase !== 'busy' && isOutdated(runner, config));
  for (const runner of runners) runner.mustEnd = { reason: 'recycle', force: false };
  return runners;
}

function resize(state: PoolState, sizes: Order<'resize'>): PoolRunner[] {
  const named = Object.entries(sizes).filter(([, value]) => value !== undefined);
  state.resized = { ...state.resized, ...Object.fromEntries(named) };
  return [];
}

/** What the configuration changes takes effect; what `resize` changed stays where the configuration did not. */
function configure(state: PoolState, config: Order<'configure'>): PoolRunner[] {
  for (const size of ['maxConcurrentJobs', 'warmRunners', 'standbyContainers'] as const) {
    if (config[size] !== state.config[size]) delete state.resized[size];
  }
  state.config = config;
  // The worker has started: it is there, and what it mended may work now.
  endPauses(state);
  return alive(state).filter((runner) => isOutdated(runner, effectiveConfig(state)));
}

function endPauses(state: PoolState): void {
  state.creation.notBefore = 0;
  state.activation.notBefore = 0;
  state.registrationPause = null;
}
