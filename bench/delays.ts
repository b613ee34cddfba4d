/** What simulated containers take, in seconds: the delays that the floors below are computed from. */
export const delays = { create: 0.2, start: 1, boot: 1.5, listen: 0.5, stop: 0.5, destroy: 0.2 };

export const delaysText = Object.entries(delays)
  .map(([name, seconds]) => `${name}=${seconds}`)
  .join();

/** What the simulated GitHub takes to register a runner, in seconds. */
export const registration = 0.1;
/** What a worker is configured with unless told otherwise. */
export const pollSeconds = 10;
export const poolSize = 7;
export const jobSeconds = 5;
export const waves = 4;

/** Nothing can be faster: every container in parallel, then registration and the runner's start. */
export const fillFloor = delays.create + delays.start + delays.boot + registration + delays.listen;
/** Between two jobs lie registration and the runner's start: all else happens beside. */
export const handOverFloor = registration + delays.listen;
export const wavesFloor = waves * jobSeconds + (waves - 1) * handOverFloor;
