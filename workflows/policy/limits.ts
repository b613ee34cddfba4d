/** Times, in milliseconds, that the planner waits before it believes something; each with its incident. */
export const limits = {
  /** An idle runner that GitHub does not show (actions/runner#4617); lists lag behind registrations (TF#4391). */
  ghostAfterMs: 30_000,
  /** A busy one: its job's lease, renewed each minute, is valid for ten. */
  busyGhostAfterMs: 15 * 60_000,
  /** Good looks in a row that must agree before an absence counts. */
  looks: 2,
  /** A surplus runner or standby container is kept this long: demand comes back. */
  surplusAfterMs: 60_000,
  /** Jobs queued although a runner is idle (actions/runner#3478): replace one idle runner, then wait again. */
  stuckAfterMs: 120_000,
  /** A registration under our name that no runner owns. */
  strayAfterMs: 60_000,
  /** A runner that declined to end, or could not ask GitHub whether it may, is not asked again before. */
  endAgainAfterMs: 60_000,
  /** First pause after a failed creation or a runner that ended early; doubles up to the longest. */
  firstPauseMs: 5_000,
  longestPauseMs: 300_000,
  /** GitHub refused a registration although its lists can be read: try again after this. */
  registrationPauseMs: 60_000,
  /** Failures older than this no longer lengthen the pause. */
  failuresForgottenAfterMs: 900_000,
  /** Standby containers are put off so long for hand-overs, and then for as long not again. */
  handOverMs: 1_000,
  /** Names of removed containers are remembered this long. */
  graveKeptMs: 600_000,
  /** How long a host may be silent before its idle registrations are removed. */
  hostSilentAfterMs: 60_000,
} as const;
