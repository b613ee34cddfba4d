/** The operations of GitHub's REST API that the simulator answers, by their ids in GitHub's description. */
export const operationIds = [
  'repos/get',
  'rate-limit/get',
  'actions/list-self-hosted-runners-for-repo',
  'actions/get-self-hosted-runner-for-repo',
  'actions/delete-self-hosted-runner-from-repo',
  'actions/generate-runner-jitconfig-for-repo',
  'actions/create-registration-token-for-repo',
  'actions/create-remove-token-for-repo',
  'actions/list-self-hosted-runners-for-org',
  'actions/get-self-hosted-runner-for-org',
  'actions/delete-self-hosted-runner-from-org',
  'actions/generate-runner-jitconfig-for-org',
  'actions/create-registration-token-for-org',
  'actions/create-remove-token-for-org',
  'actions/list-workflow-runs-for-repo',
  'actions/get-workflow-run',
  'actions/list-jobs-for-workflow-run',
  'actions/cancel-workflow-run',
  'apps/create-installation-access-token',
  'apps/get-repo-installation',
] as const;

export type OperationId = (typeof operationIds)[number];
