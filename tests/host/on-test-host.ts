import { describe, it } from '@jest/globals';
import { existsSync, readlinkSync } from 'node:fs';

const marker = '/run/container-system';

/** Whether this process runs inside a test host. */
export const inTestHost = existsSync(marker);

/** Path of the system that containers are made from. */
export const containerSystem = () => readlinkSync(marker);

/** Tests with real containers. Elsewhere they are skipped, and the output says by name how to run them. */
export function describeOnTestHost(name: string, tests: () => void): void {
  if (inTestHost) describe(name, tests);
  else
    describe(name, () =>
      it.skip('did not run: it needs the test host (run ./tests/host/run)', () => undefined),
    );
}
