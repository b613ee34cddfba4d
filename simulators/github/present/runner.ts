import type { components } from '@octokit/openapi-types';
import type { Runner } from '../model.js';

const readOnlyLabels = new Set(['self-hosted', 'linux', 'x64', 'arm64']);

/** A runner as GitHub lists it. */
export function presentRunner(runner: Runner) {
  return {
    id: runner.id,
    name: runner.name,
    os: runner.version === null ? 'unknown' : 'linux',
    status: runner.status,
    busy: runner.busy,
    ephemeral: true,
    runner_group_id: runner.groupId,
    version: runner.version,
    labels: runner.labels.map((name, index) => ({
      id: index + 1,
      name,
      type: readOnlyLabels.has(name.toLowerCase()) ? ('read-only' as const) : ('custom' as const),
    })),
  } satisfies components['schemas']['runner'];
}
