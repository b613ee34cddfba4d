import type { Answer } from '../contract/contract.js';
import { presentAccount } from '../present/repository.js';
import { isoTime } from '../present/site.js';
import type { World } from '../world.js';
import { GithubError } from './github-error.js';
import type { Call } from './call.js';

const permissions = { actions: 'read', administration: 'write', metadata: 'read' };

/** A token of the App's installation. */
export function createInstallationToken({ authenticator, appInstallation }: World, { params }: Call): Answer {
  if (Number(params.installation_id) !== appInstallation?.installationId)
    throw new GithubError(404, 'Not Found');
  const { token, expiresAt } = authenticator.issueInstallationToken();
  const body = { token, expires_at: isoTime(expiresAt), permissions, repository_selection: 'all' };
  return { status: 201, body };
}

/** The App's installation on the repository. */
export function getInstallation({ site, appInstallation }: World): Answer {
  if (!appInstallation) throw new GithubError(404, 'Not Found');
  const { appId, installationId } = appInstallation;
  const created = isoTime(Date.UTC(2024, 0, 1));
  const body = {
    id: installationId,
    account: presentAccount(site, site.owner, 'Organization'),
    app_id: appId,
    app_slug: 'runner-pool',
    target_id: 1,
    target_type: 'Organization',
    repository_selection: 'all',
    access_tokens_url: `${site.apiUrl}/app/installations/${installationId}/access_tokens`,
    repositories_url: `${site.apiUrl}/installation/repositories`,
    html_url: `${site.htmlUrl}/organizations/${site.owner}/settings/installations/${installationId}`,
    permissions,
    events: ['workflow_job'],
    single_file_name: null,
    created_at: created,
    updated_at: created,
    suspended_by: null,
    suspended_at: null,
  };
  return { status: 200, body };
}
