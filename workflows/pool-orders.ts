import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { log, setHandler } from '@temporalio/workflow';
import { failure } from './failures.js';
import * as messages from './messages.js';
import type { Accepted } from './messages.js';
import { orderFault, parseOrder, type Order, type OrderInput, type OrderName } from './orders.js';
import { noteDemand } from './policy/demand.js';
import { obey } from './policy/obey.js';
import { noteRunner } from './policy/observe-runner.js';
import { plan } from './policy/plan.js';
import type { PoolRunner, PoolState } from './policy/pool-state.js';
import { poolStatus } from './policy/status.js';

const rejectedKept = 10;

/** Takes orders from people, as signals or as updates of the same name, and reports from runners and from demand. */
export function handleOrders(state: PoolState, changed: () => void): void {
  handle('drain', messages.drainSignal, messages.drainUpdate, obey.drain);
  handle('resume', messages.resumeSignal, messages.resumeUpdate, obey.resume);
  handle('cleanup', messages.cleanupSignal, messages.cleanupUpdate, obey.cleanup);
  handle('recycle', messages.recycleSignal, messages.recycleUpdate, obey.recycle);
  handle('resize', messages.resizeSignal, messages.resizeUpdate, obey.resize);
  handle('configure', messages.configureSignal, messages.configureUpdate, obey.configure);
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
    carryOut: (state: PoolState, order: Order<Name>, now: number) => PoolRunner[],
  ) {
    const accept = (input: unknown): Accepted => {
      const runners = carryOut(state, parseOrder(name, input), Date.now());
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
  return host === state.config.host
    ? null
    : `configure: this is the pool of ${state.config.host}, not of ${host}`;
}
