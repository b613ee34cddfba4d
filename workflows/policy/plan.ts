import type { Action, Plan } from './actions.js';
import { isActivating, takeCensus, type Census } from './census.js';
import { endOrders } from './ends.js';
import { formatName, freeSlot, nextSerial, slotOf } from './names.js';
import type { PoolRunner, PoolState } from './pool-state.js';
import { creationHold, registrationHold } from './preflight.js';
import { limits } from './limits.js';
import { targets } from './targets.js';
import { nextDeadline } from './deadlines.js';

/**
 * What to do now, given all that is known: a pure function of the state and the time. Ends come first, since they
 * free room; then activations, the shortest way to a runner that takes jobs; then containers.
 */
export function plan(state: PoolState, now: number): Plan {
  const wakeAt = nextDeadline(state, now);
  // What is taken over counts as much as what was made, so nothing else is planned before it is noted.
  const adoptions = planAdoptions(state);
  if (adoptions.length > 0) return { actions: adoptions, held: [], wakeAt };
  const held: string[] = [];
  const census = takeCensus(state);
  const ends = endOrders(state, census, now);
  // What is about to end is no longer counted on, so that its place is refilled in the same round.
  const rest = without(census, ends);
  const activations = planActivations(state, rest, now, held);
  const creations = planCreations(state, rest, activations.length, now, held);
  const others = [...planStrays(state, now), ...planQuestion(state, census, now)];
  return { actions: [...ends, ...activations, ...creations, ...others], held, wakeAt };
}

/** The census as it is once `ending` have been told: registered ones stay in the count until GitHub lets go. */
function without(census: Census, ends: { name: string; force: boolean }[]): Census {
  const ending = new Map(ends.map(({ name, force }) => [name, force]));
  const stays = (runner: { name: string }) => !ending.has(runner.name);
  // One that works ends for certain only when it is forced to.
  const works = (runner: { name: string }) => !ending.get(runner.name);
  return {
    ...census,
    creating: census.creating.filter(stays),
    standby: census.standby.filter(stays),
    available: census.available.filter(stays),
    busy: census.busy.filter(works),
    leaving: [
      ...census.leaving,
      ...census.available.filter((runner) => !stays(runner)),
      ...census.busy.filter((runner) => !works(runner)),
    ],
    removing: [
      ...census.removing,
      ...[...census.creating, ...census.standby].filter((runner) => !stays(runner)),
    ],
  };
}

function planActivations(state: PoolState, census: Census, now: number, held: string[]): Action[] {
  const wanted = targets(state, census).available - census.available.length;
  const registered = census.available.length + census.busy.length + census.leaving.length;
  const room = census.config.maxConcurrentJobs - registered;
  const count = Math.min(wanted, room, census.standby.length);
  if (count <= 0) return [];
  const hold = registrationHold(state, now);
  if (hold) {
    held.push(`${count} activation(s): ${hold}`);
    return [];
  }
  const allowed = isOnProbation(state, now) ? probes(census, now) : count;
  return [...census.standby]
    .sort((a, b) => a.phaseSince - b.phaseSince)
    .slice(0, Math.min(count, allowed))
    .map((runner) => ({
      do: 'activate',
      name: runner.name,
      reason: `${wanted} more runner(s) should be idle`,
    }));
}

/**
 * GitHub has refused a registration, or a runner has ended before any job: a version that GitHub refuses now it may
 * serve later (actions/runner#4613), and no whole pool of containers is to be used up each time to find out.
 */
function isOnProbation({ registrationPause, activation }: PoolState, now: number): boolean {
  const failedLately = activation.failures > 0 && now - activation.lastAt < limits.failuresForgottenAfterMs;
  return registrationPause !== null || failedLately;
}

/**
 * After trouble one runner tries whether all is well again; the others follow, one by one, as each gets through. One
 * that hangs keeps the next back for a while only.
 */
function probes(census: Census, now: number): number {
  const isTrying = (runner: PoolRunner) =>
    isActivating(runner) && now - runner.phaseSince < limits.registrationPauseMs;
  return census.available.some(isTrying) ? 0 : 1;
}

function planCreations(
  state: PoolState,
  census: Census,
  activated: number,
  now: number,
  held: string[],
): Action[] {
  const target = targets(state, census);
  const deficit = Math.max(0, target.available - census.available.length - activated);
  const adopting = census.leaving.filter((runner) => runner.adopting).length;
  const spare = census.standby.length - activated + census.creating.length + adopting;
  // A boot takes the processor from registrations that jobs wait for; what is idle already can wait for it.
  const isHandingOver = activated > 0 || now < state.handOverUntil;
  const wanted = deficit + (isHandingOver ? 0 : target.standby) - spare;
  if (wanted <= 0) return [];
  const hold = creationHold(state, census, now);
  if (hold) {
    held.push(`${wanted} container(s): ${hold}`);
    return [];
  }
  const { maxConcurrentJobs, standbyContainers } = census.config;
  // A whole pool at once, and no more: beyond that the makings only slow each other down.
  const atOnce = Math.min(state.creationAllowance, maxConcurrentJobs + standbyContainers);
  const count = Math.min(wanted, atOnce - census.creating.length);
  return nameNew(
    state,
    census,
    Math.max(0, count),
    now,
    `${deficit} runner(s) and ${target.standby} on standby are missing ${wanted} container(s)`,
  );
}

function nameNew(state: PoolState, census: Census, count: number, now: number, reason: string): Action[] {
  const alive = [
    ...census.creating,
    ...census.standby,
    ...census.available,
    ...census.busy,
    ...census.leaving,
  ];
  const slots = alive.map((runner) => runner.slot);
  let serial = state.lastSerial;
  return Array.from({ length: count }, () => {
    const slot = freeSlot(slots);
    slots.push(slot);
    serial = nextSerial(serial, now);
    return { do: 'create' as const, name: formatName(serial, slot), slot, serial, reason };
  });
}

/** Containers of ours that no runner stands for: taken over, or cleared away, by a workflow of their own. */
function planAdoptions(state: PoolState): Action[] {
  const report = state.hostReport;
  if (!report || !state.host.ok) return [];
  const unknown = report.containers.filter(({ name }) => {
    const grave = state.graves[name];
    return !(name in state.runners) && (grave === undefined || report.at > grave) && slotOf(name) !== null;
  });
  const orphans = Object.values(state.runners).filter(
    ({ name, orphaned, phaseSince }) => orphaned || (report.orphans.includes(name) && report.at > phaseSince),
  );
  const adopt = (name: string, reason: string): Action => ({
    do: 'adopt',
    name,
    slot: slotOf(name) ?? 0,
    reason,
  });
  return [
    ...unknown.map(({ name }) => adopt(name, 'a container of this pool that nothing looks after')),
    ...orphans.map(({ name }) => adopt(name, 'its runner workflow has ended before it')),
  ];
}

/** Registrations under our names without a runner: removed after repeated looks, unless GitHub says busy. */
function planStrays(state: PoolState, now: number): Action[] {
  if (!state.github.ok) return [];
  return Object.entries(state.strays)
    .filter(([, stray]) => stray.looks >= limits.looks && now - stray.since >= limits.strayAfterMs)
    .map(([runnerName, stray]) => ({
      do: 'deregister',
      runnerName,
      runnerId: stray.id,
      reason: 'a registration of this host without a container',
    }));
}

/**
 * A job has begun: the next ones may be queued behind it, and their containers take seconds to boot. Asked no more
 * often than the queue is looked at anyway.
 */
function planQuestion(state: PoolState, census: Census, now: number): Action[] {
  const begun = Math.max(0, ...census.busy.map((runner) => runner.phaseSince));
  if (state.drain || begun <= state.queueAskedAt || now - state.queueAskedAt < census.config.pollIntervalMs)
    return [];
  return [{ do: 'ask-for-queue', reason: 'a job has begun, and others may be queued behind it' }];
}
