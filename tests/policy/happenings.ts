import fc from 'fast-check';
import { noteDemand } from '../../workflows/policy/demand.js';
import { obey } from '../../workflows/policy/obey.js';
import { creationCap, type PoolState } from '../../workflows/policy/pool-state.js';
import type { Body } from './body.js';
import { configOf, minutes } from './builders.js';
import type { World } from './world.js';

/** Something that happens; `pick` chooses whom it happens to, among those whom it can happen to. */
export interface Happening {
  what: keyof typeof happenings;
  pick: number;
}

type Happen = (world: World, pick: number) => void;

const to =
  (whom: (body: Body, world: World) => boolean, what: (body: Body, world: World) => void): Happen =>
  (world, pick) => {
    const bodies = world.those((body) => whom(body, world));
    const body = bodies[pick % bodies.length];
    if (body) what(body, world);
  };

const registration = (body: Body, world: World) => world.github.get(body.state.runnerName);
const isUp = ({ up, isRemoving }: Body) => up && !isRemoving;

/** All that may happen to a pool; `obey` and the planner are the only ones that the pool does itself. */
const happenings = {
  boots: to(
    ({ state, up, open, adopting }) => state.phase === 'creating' && !up && open && !adopting,
    (body, world) => {
      Object.assign(body, { up: true, events: { refused: [], booted: { at: world.now } } });
      body.move('standby');
    },
  ),
  'fails to boot': to(
    ({ state, up, open, adopting }) => state.phase === 'creating' && !up && open && !adopting,
    (body) => body.finish('container-failed'),
  ),
  acts: to(
    () => true,
    (body) => body.act(),
  ),
  'all act': (world) => world.bodies.forEach((body) => body.act()),
  'is registered': to(
    ({ asking }) => asking,
    (body, world) => world.answer(body, true),
  ),
  'is refused': to(
    ({ asking, open }) => asking && open,
    (body, world) => world.answer(body, false),
  ),
  listens: to(
    (body, world) => isUp(body) && registration(body, world)?.status === 'offline',
    (body, world) => world.listen(body),
  ),
  'gets a job': to(
    (body, world) => isUp(body) && registration(body, world)?.status === 'online',
    (body, world) => world.giveJob(body),
  ),
  'tells its job': to(
    (body, world) => isUp(body) && registration(body, world)?.busy === true,
    (body, world) => world.tellJob(body),
  ),
  'ends its job': to(
    (body, world) => isUp(body) && registration(body, world)?.busy === true,
    (body, world) => world.endJob(body),
  ),
  exits: to(
    (body, world) => isUp(body) && registration(body, world)?.busy === false,
    (body, world) => world.exit(body),
  ),
  'is lost by GitHub': to(
    (body, world) => registration(body, world)?.busy === false,
    (body, world) => world.github.delete(body.state.runnerName),
  ),
  'loses its container': to(isUp, (body) => (body.up = false)),
  'loses its workflow': to(
    ({ isRemoving, open }) => open && !isRemoving,
    (body, world) => {
      body.close();
      // What its activity was at comes to its end.
      if (body.asking) world.answer(body, true);
    },
  ),
  'is gone': to(
    ({ state }) => state.phase === 'removing',
    (body) => body.vanish(),
  ),
  'a report comes, in whatever order': (world, pick) =>
    world.deliver(world.reports.splice(pick % world.reports.length, 1)[0]),
  'all reports come': (world) => world.reports.splice(0).forEach((report) => world.deliver(report)),
  'a look at GitHub': (world) => world.lookAtGithub(),
  'a look at a list that lags': (world, pick) => world.lookAtGithub(pick % 4),
  'a look at the host': (world) => world.lookAtHost(),
  'GitHub fails': (world) => {
    world.pool.github = { ok: false, type: 'GithubUnavailable', reason: '502', since: world.now };
    world.githubAnswers = false;
  },
  'the host fails': (world) =>
    (world.pool.host = { ok: false, type: 'Timeout', reason: 'silent', since: world.now }),
  drain: ({ pool, now }) => obey.drain(pool, { mode: 'finish-jobs' }, now),
  'drain now': ({ pool, now }) => obey.drain(pool, { mode: 'now' }, now),
  resume: ({ pool }) => obey.resume(pool),
  cleanup: ({ pool }) => obey.cleanup(pool, {}),
  recycle: ({ pool }) => obey.recycle(pool),
  resize: ({ pool }, pick) =>
    obey.resize(pool, { maxConcurrentJobs: pick % 6, warmRunners: pick % 4, standbyContainers: pick % 3 }),
  configure: ({ pool }, pick) =>
    obey.configure(pool, configOf({ containerSystem: `/nix/store/${pick % 3}` })),
  'jobs queue': ({ pool, now }, pick) =>
    noteDemand(pool, { queued: pick % 9, oldestQueuedAt: now - (pick % 10) * 30_000, at: now }),
  'a second passes': (world) => (world.now += 1_000),
  'half a minute passes': (world) => (world.now += 30_000),
  'time passes': (world, pick) => (world.now += (pick % 20) * 60_000),
  restart: (world) => (world.pool = JSON.parse(JSON.stringify(world.pool)) as PoolState),
} satisfies Record<string, Happen>;

/** What an ordinary day is made of comes more often than a disaster, or there would be nothing for it to hit. */
const often: Partial<Record<Happening['what'], number>> = {
  boots: 10,
  'all act': 10,
  'is registered': 8,
  listens: 8,
  'gets a job': 5,
  'tells its job': 4,
  'ends its job': 3,
  'is gone': 4,
  'all reports come': 8,
  'a look at GitHub': 4,
  'a look at the host': 3,
  resume: 3,
};

const what = fc.oneof(
  ...(Object.keys(happenings) as Happening['what'][]).map((name) => ({
    arbitrary: fc.constant(name),
    weight: often[name] ?? 1,
  })),
);

export const arbitraryHappenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.record({ what, pick: fc.nat(999) }),
  {
    minLength: 1,
    maxLength: 150,
    size: 'max',
  },
);

export function happen(world: World, { what, pick }: Happening): void {
  const happening: Happen = happenings[what];
  happening(world, pick);
}

/** Everything goes well for a while: each goes on with what it is at, all is reported and looked at. */
export function calmDown(world: World): void {
  obey.resume(world.pool);
  noteDemand(world.pool, { queued: 0, at: world.now });
  world.pool.creationAllowance = creationCap;
  for (let round = 0; round < 240; round += 1) {
    for (const body of world.bodies.values()) goOn(world, body);
    happen(world, { what: 'all act', pick: 0 });
    happen(world, { what: 'all reports come', pick: 0 });
    world.lookAtHost();
    world.lookAtGithub();
    world.settle();
    world.now += minutes(1) / 2;
  }
}

function goOn(world: World, body: Body): void {
  const { state, open, up, adopting, asking } = body;
  const seen = world.github.get(state.runnerName);
  if (asking) world.answer(body, true);
  else if (state.phase === 'removing') body.vanish();
  else if (state.phase === 'creating' && open && !up && !adopting && !body.end) {
    Object.assign(body, { up: true, events: { refused: [], booted: { at: world.now } } });
    body.move('standby');
  } else if (up && seen?.busy) world.endJob(body);
  else if (seen?.busy) world.giveUp(body);
  else if (up && seen?.status === 'offline') world.listen(body);
}
