import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { failureType } from '../workflows/failures.js';
import { heartbeating } from './heartbeat.js';

export interface Watch<T> {
  look: () => Promise<T>;
  /** True when there is something to tell. */
  isNews: (seen: T) => boolean;
  /** Time between two looks; asked after each. */
  intervalMs: () => number;
}

/** Looks in a row that may go unanswered, once one has succeeded. */
const tolerated = 2;

/**
 * Looks until there is news, heartbeating, within one activity. The first look must succeed, so that the workflow
 * learns of a GitHub that is away; afterwards two looks in a row may go unanswered. Cancellation ends it at once, a
 * call under way included.
 */
export function watch<T>(watched: Watch<T>): Promise<T> {
  // One race for the whole activity: one for each look would keep every report in memory until the activity's end.
  return heartbeating((signal) => Promise.race([lookForNews(watched, signal), Context.current().cancelled]));
}

async function lookForNews<T>({ look, isNews, intervalMs }: Watch<T>, signal: AbortSignal): Promise<T> {
  let unanswered = tolerated;
  for (;;) {
    Context.current().heartbeat();
    try {
      const seen = await look();
      if (isNews(seen)) return seen;
      unanswered = 0;
    } catch (error) {
      if (failureType(error) !== 'GithubUnavailable' || unanswered >= tolerated) throw error;
      unanswered += 1;
    }
    signal.throwIfAborted();
    // An interrupted wait ends with the cancellation itself, not with the timer's error about it.
    await delay(intervalMs(), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
