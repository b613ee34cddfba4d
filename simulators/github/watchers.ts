interface Watcher<T> {
  wanted: (state: T) => boolean;
  resolve: (state: T) => void;
  timer: NodeJS.Timeout;
}

/** Those who wait for a state. It is read once for all changes of a tick, and only while someone waits. */
export class Watchers<T> {
  readonly #watchers = new Set<Watcher<T>>();
  #scheduled = false;

  constructor(private readonly read: () => T) {}

  /** Resolves with the first state that is as wanted; an error when that takes longer than `timeoutMs`. */
  until(wanted: (state: T) => boolean, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(new Error(`not as wanted after ${timeoutMs} ms: ${JSON.stringify(this.read())}`));
      }, timeoutMs);
      const watcher: Watcher<T> = { wanted, resolve, timer };
      this.#watchers.add(watcher);
      this.changed();
    });
  }

  changed(): void {
    if (this.#scheduled || this.#watchers.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const state = this.read();
      for (const watcher of this.#watchers) {
        if (!watcher.wanted(state)) continue;
        clearTimeout(watcher.timer);
        this.#watchers.delete(watcher);
        watcher.resolve(state);
      }
    });
  }
}
