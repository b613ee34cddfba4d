import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { takeCensus } from '../../workflows/policy/census.js';
import { plan } from '../../workflows/policy/plan.js';
import { targets } from '../../workflows/policy/targets.js';
import { arbitraryHappenings, calmDown, happen, type Happening } from './happenings.js';
import { minutes } from './builders.js';
import { World } from './world.js';

/** Lets it all happen, with the pool planning after each; `check` sees what the pool did. */
function live(
  happened: Happening[],
  check: (world: World, done: ReturnType<World['settle']>) => void,
): World {
  const world = new World();
  world.lookAtHost();
  world.lookAtGithub();
  check(world, world.settle());
  for (const happening of happened) {
    happen(world, happening);
    check(world, world.settle());
  }
  return world;
}

function always(check: Parameters<typeof live>[1]): void {
  fc.assert(
    fc.property(arbitraryHappenings, (happened) => void live(happened, check)),
    { numRuns: 200 },
  );
}

test('no runner is registered beyond maxConcurrentJobs', () => {
  always((world, done) => {
    if (done.some((action) => action.do === 'activate'))
      expect(world.registered).toBeLessThanOrEqual(world.most);
  });
});

test('a job is ended by an order alone', () => {
  always((world) => {
    const unordered = world.jobsCutOff.filter((why) => why !== 'cleanup!' && why !== 'drain!');
    expect(unordered).toEqual([]);
  });
});

test('a plan that is carried out leaves nothing to do until the time that it names', () => {
  fc.assert(
    fc.property(
      arbitraryHappenings,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (happened, share) => {
        live(happened, ({ pool, now }) => {
          const { wakeAt } = plan(pool, now);
          const until = wakeAt ?? now + minutes(24 * 60);
          expect(until).toBeGreaterThan(now);
          const before = Math.min(until - 1, Math.floor(now + (until - now) * share));
          expect(plan(pool, before).actions).toEqual([]);
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('when all goes well again, the pool is as it should be and nothing is left over', () => {
  fc.assert(
    fc.property(arbitraryHappenings, (happened) => {
      const world = live(happened, () => undefined);
      calmDown(world);
      const census = takeCensus(world.pool);
      const { available, standby, creating, busy, leaving, removing } = census;
      const wanted = targets(world.pool, census);
      expect([available.length, standby.length]).toEqual([wanted.available, wanted.standby]);
      expect([creating, busy, leaving, removing].flat()).toEqual([]);
      const alive = [...available, ...standby].map(({ name }) => name).sort();
      expect(
        world
          .those(({ up }) => up)
          .map(({ state }) => state.name)
          .sort(),
      ).toEqual(alive);
      expect([...world.github.keys()].sort()).toEqual(available.map(({ runnerName }) => runnerName).sort());
    }),
    { numRuns: 60 },
  );
});
