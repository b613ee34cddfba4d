import type { GithubSimulator } from '../../../simulators/github/simulator.js';

export interface RestAnswer {
  status: number;
  headers: Headers;
  /** Undefined where the answer has no body. */
  body: unknown;
}

/** Asks over HTTP as the holder of a token would. */
export function restClient(simulator: GithubSimulator, token = 'token-one') {
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(simulator.url + path, {
      method,
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${token}`, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer: RestAnswer = { status: response.status, headers: response.headers, body: undefined };
    if (text !== '') answer.body = JSON.parse(text);
    return answer;
  };
}

export type RestClient = ReturnType<typeof restClient>;

/** The paths of the repository under test. */
export const repo = '/repos/cashubtc/cdk';
export const runnersPath = `${repo}/actions/runners`;
export const jitPath = `${runnersPath}/generate-jitconfig`;

/** Status and message of an error. */
export function errorOf({ status, body }: RestAnswer): { status: number; message: string } {
  return { status, message: (body as { message: string }).message };
}

export interface JitAnswer {
  runner: { id: number; name: string; status: string };
  encoded_jit_config: string;
}

/** Registers a runner of the repository. */
export async function register(
  rest: RestClient,
  name: string,
  labels: string[] = ['self-hosted'],
): Promise<JitAnswer> {
  const answer = await rest('POST', jitPath, { name, runner_group_id: 1, labels });
  if (answer.status !== 201) throw new Error(`registration of ${name} was answered with ${answer.status}`);
  return answer.body as JitAnswer;
}
