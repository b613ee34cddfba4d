import type { Answer } from '../contract/contract.js';

/** An answer of GitHub's that is an error; the body gets GitHub's shape and the operation's documentation. */
export class GithubError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  answer(documentationUrl: string): Answer {
    const body = { message: this.message, documentation_url: documentationUrl, status: String(this.status) };
    return { status: this.status, body, headers: this.headers };
  }
}

const usualMessages: Record<number, string> = {
  401: 'Bad credentials',
  403: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  404: 'Not Found',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  503: 'Service Unavailable',
};

/** What GitHub says with a status when there is nothing more to say. */
export const usualMessage = (status: number) => usualMessages[status] ?? 'Server Error';
