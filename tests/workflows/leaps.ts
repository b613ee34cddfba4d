import { setTimeout as delay } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

type Activities = Record<string, (input: never) => Promise<unknown>>;

/** Real time after which a clock that has not leapt is taken for locked once more. */
const patienceMs = 300;

/**
 * Leaps of the test server's clock. The server locks its clock to real time once for each activity that is scheduled
 * or runs, and a pool always has some that wait; `sleep` takes one lock off until the time is up. So a leap is as many
 * sleeps side by side as there are locks, and the activities stand still while it lasts.
 */
export class Leaps {
  private running = 0;
  private standing: Promise<void> = Promise.resolve();
  private aheadMs = 0;
  /** Locks without a running activity: of those that nobody takes up, or whose workflow has ended before them. */
  private others = 0;

  constructor(private readonly server: TestWorkflowEnvironment) {}

  /** The server's time. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Activities that neither begin nor end within a leap. */
  guard(activities: Activities): Activities {
    return Object.fromEntries(Object.entries(activities).map(([name, run]) => [name, this.guarded(run)]));
  }

  /** What was scheduled before now runs: its lock is no longer one of the others. */
  workerStarted(): void {
    this.others = 0;
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
      await this.sleep(ms);
    } finally {
      goOn();
    }
  }

  private async sleep(ms: number): Promise<void> {
    const end = (await this.server.currentTimeMs()) + ms;
    let locks = this.running + 1 + this.others;
    const sleeps = Array.from({ length: locks }, () => this.server.sleep(ms));
    // One sleep too many makes the server answer nothing any more, so further ones come with care.
    while (
      !(await Promise.race([...sleeps.map((sleep) => sleep.then(() => true)), delay(patienceMs, false)]))
    ) {
      locks += 1;
      sleeps.push(this.server.sleep(end - (await this.server.currentTimeMs())));
    }
    this.others = locks - this.running - 1;
    await Promise.all(sleeps);
    this.aheadMs = (await this.server.currentTimeMs()) - Date.now();
  }
}
