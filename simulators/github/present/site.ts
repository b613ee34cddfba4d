/** Where the simulated GitHub says it is, and the one repository it has. */
export interface Site {
  /** Base URL of the REST API and the runner protocol. */
  apiUrl: string;
  /** Where a person would look: the real GitHub, as links in statuses lead there. */
  htmlUrl: string;
  owner: string;
  repo: string;
}

export const fullName = ({ owner, repo }: Site) => `${owner}/${repo}`;
export const isoTime = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
