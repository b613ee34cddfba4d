/** Container names: `<5 hex>-r<slot>`, at most 11 characters (a limit of nixos-container), never used twice. */
const containerName = /^([0-9a-f]{5})-r(\d{1,4})$/;

const serials = 0x100000;
const msPerSerial = 60_000;

/**
 * The next serial number: one more than the last, and never less than the minutes since the epoch (modulo 2^20,
 * two years). The clock keeps names fresh even when a pool has lost its memory; the count keeps them apart.
 */
export function nextSerial(last: number | null, now: number): number {
  const clock = Math.floor(now / msPerSerial) % serials;
  if (last === null) return clock;
  const next = (last + 1) % serials;
  // Behind the clock by less than half the circle: catch up with it. Ahead of it: go on counting.
  const behind = (clock - next + serials) % serials;
  return behind < serials / 2 ? clock : next;
}

export function formatName(serial: number, slot: number): string {
  return `${serial.toString(16).padStart(5, '0')}-r${slot}`;
}

/** Slot of one of our container names; null for any other name. */
export function slotOf(name: string): number | null {
  const match = containerName.exec(name);
  return match ? Number(match[2]) : null;
}

export function runnerNameOf(host: string, name: string): string {
  return `${host}-${name}`;
}

/** Container name behind a GitHub runner name of this host; null when the runner is not this host's. */
export function containerOf(host: string, runnerName: string): string | null {
  if (!runnerName.startsWith(`${host}-`)) return null;
  const name = runnerName.slice(host.length + 1);
  return slotOf(name) === null ? null : name;
}

/** Lowest slot that no living container holds. */
export function freeSlot(taken: Iterable<number>): number {
  const used = new Set(taken);
  let slot = 0;
  while (used.has(slot)) slot += 1;
  return slot;
}
