import type { components } from '@octokit/openapi-types';
import { fullName, isoTime, type Site } from './site.js';

type Schemas = components['schemas'];

const suffixes = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
} as const;

/** A user or an organisation. */
export function presentAccount({ apiUrl, htmlUrl }: Site, login: string, type: 'User' | 'Organization') {
  const url = `${apiUrl}/users/${login}`;
  return {
    login,
    id: 1,
    node_id: 'U_1',
    avatar_url: `${htmlUrl}/${login}.png`,
    gravatar_id: '',
    url,
    html_url: `${htmlUrl}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  } satisfies Schemas['simple-user'];
}

/** The repository as a part of other answers. */
export function presentMinimalRepository(site: Site) {
  const url = `${site.apiUrl}/repos/${fullName(site)}`;
  const urls = Object.entries(suffixes).map(([name, suffix]) => [name, `${url}${suffix}`]);
  return {
    id: 1,
    node_id: 'R_1',
    name: site.repo,
    full_name: fullName(site),
    private: false,
    owner: presentAccount(site, site.owner, 'Organization'),
    html_url: `${site.htmlUrl}/${fullName(site)}`,
    description: null,
    fork: false,
    url,
    ...(Object.fromEntries(urls) as Record<keyof typeof suffixes, string>),
  } satisfies Schemas['minimal-repository'];
}

/** The repository as the answer to its own address. */
export function presentRepository(site: Site) {
  const created = isoTime(Date.UTC(2022, 0, 1));
  const html = `${site.htmlUrl}/${fullName(site)}`;
  return {
    ...presentMinimalRepository(site),
    clone_url: `${html}.git`,
    git_url: `git:${html.slice('https://'.length)}.git`,
    ssh_url: `git@${html.slice('https://'.length).replace('/', ':')}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: 'Rust',
    license: null,
    default_branch: 'main',
    archived: false,
    disabled: false,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks: 0,
    forks_count: 0,
    open_issues: 0,
    open_issues_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    network_count: 0,
    subscribers_count: 0,
    size: 0,
    created_at: created,
    updated_at: created,
    pushed_at: created,
  } satisfies Schemas['full-repository'];
}
