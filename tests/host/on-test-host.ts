import { describe, it } from '@jest/globals';
import { inTestHost } from './inside.js';

/** Tests with real containers. Elsewhere they are skipped, and the output says by name how to run them. */
export function describeOnTestHost(name: string, tests: () => void): void {
  if (inTestHost) describe(name, tests);
  else
    describe(name, () =>
      it.skip('did not run: it needs the test host (run ./tests/host/run)', () => undefined),
    );
}
