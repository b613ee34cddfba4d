import { setTimeout as delay } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

type Activities = Record<string, (input: never) => Promise<unknown>>;

/**
 * Leaps of the test server's clock. The server locks its clock to real time once for each activity that runs, and a
 * pool always has some that wait; `sleep` takes one lock off until the time is up. So a leap is as many sleeps side by
 * side as there are locks, and the activities stand still while it lasts.
 */
export class Leaps {
  private running = 0;
  private standing: Promise<void> = Promise.resolve();
  private aheadMs = 0;

  constructor(private readonly server: TestWorkflowEnvironment) {}

  /** The server's time. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Activities that neither begin nor end within a leap. */
  guard(activities: Activities): Activities {
    return Object.fromEntries(Object.entries(activities).map(([name, run]) => [name, this.guarded(run)]));
  }

  private guarded(run: Activities[string]): Activities[string] {
    return async (input) => {
      this.running += 1;
      try {
        await this.standing;
        return await run(input);
      } finally {
        await this.standing;
        this.running -= 1;
      }
    };
  }

  async leap(ms: number): Promise<void> {
    let goOn = () => {};
    this.standing = new Promise((resolve) => (goOn = resolve));
    try {
      const sleeps: Promise<void>[] = [];
      const end = (await this.server.currentTimeMs()) + ms;
      for (let now = end - ms; now < end; now = await this.server.currentTimeMs()) {
        while (sleeps.length <= this.running) sleeps.push(this.server.sleep(end - now));
        await delay(1);
      }
      await Promise.all(sleeps);
      this.aheadMs = (await this.server.currentTimeMs()) - Date.now();
    } finally {
      goOn();
    }
  }
}
