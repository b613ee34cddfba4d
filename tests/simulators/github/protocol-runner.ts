import type { GithubSimulator } from '../../../simulators/github/simulator.js';

const parseBase64 = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString());

/** The three files of a JIT configuration. */
export function decodeJitConfig(encoded: string) {
  const files = parseBase64(encoded) as Record<string, string>;
  return {
    settings: parseBase64(files['.runner'] ?? '') as {
      AgentId: string;
      AgentName: string;
      ServerUrl: string;
    },
    credentials: parseBase64(files['.credentials'] ?? '') as { Data: { ClientId: string } },
    keys: parseBase64(files['.credentials_rsaparams'] ?? ''),
  };
}

export interface HandedOutJob {
  id: number;
  name: string;
}

/** A runner that takes the protocol's steps one by one, as a test tells it. */
export class ProtocolRunner {
  sessionId = '';
  #polls = new AbortController();

  constructor(
    private readonly simulator: GithubSimulator,
    private readonly encodedJitConfig: string,
  ) {}

  /** Opens the session; returns the status. */
  async open(): Promise<number> {
    const { settings, credentials } = decodeJitConfig(this.encodedJitConfig);
    const body = { agentId: settings.AgentId, clientId: credentials.Data.ClientId };
    const response = await this.#post('/_runner/sessions', body);
    if (response.ok) this.sessionId = ((await response.json()) as { sessionId: string }).sessionId;
    return response.status;
  }

  /** Waits for a job; returns it, or the status when there is none. */
  async poll(): Promise<HandedOutJob | number> {
    const url = `${this.simulator.url}/_runner/sessions/${this.sessionId}/message`;
    const response = await fetch(url, { signal: this.#polls.signal });
    if (response.status !== 200) return response.status;
    return ((await response.json()) as { job: HandedOutJob }).job;
  }

  /** Breaks off the open poll, as a killed process does. */
  vanish(): void {
    this.#polls.abort();
    this.#polls = new AbortController();
  }

  async renew(jobId: number): Promise<{ cancelled: boolean } | number> {
    const response = await this.#post(`/_runner/jobs/${jobId}/renew`, { sessionId: this.sessionId });
    return response.ok ? ((await response.json()) as { cancelled: boolean }) : response.status;
  }

  async complete(jobId: number, conclusion = 'success'): Promise<number> {
    const body = { sessionId: this.sessionId, conclusion };
    return (await this.#post(`/_runner/jobs/${jobId}/complete`, body)).status;
  }

  async close(): Promise<number> {
    const url = `${this.simulator.url}/_runner/sessions/${this.sessionId}`;
    return (await fetch(url, { method: 'DELETE' })).status;
  }

  #post(path: string, body: unknown): Promise<Response> {
    return fetch(this.simulator.url + path, { method: 'POST', body: JSON.stringify(body) });
  }
}
