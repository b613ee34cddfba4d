/**
 * GitHub's tokens and, by the base64 of `{"` at their start, JSON web tokens and JIT configurations. A runner prints
 * none of them; a job may.
 */
const secrets =
  /\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|ey[I-L][A-Za-z0-9_\-+/=.]{16,})/g;
const heldBackLimit = 64 * 1024;

/** Text without what looks like a credential. */
export function redact(text: string): string {
  return text.replace(secrets, '[redacted]');
}

/** The same for a stream of bytes in any encoding: it goes by lines, so that no chunk's edge cuts a secret in two. */
export async function* redactStream(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  let held = '';
  for await (const chunk of chunks) {
    // latin1 keeps every byte.
    held += Buffer.from(chunk).toString('latin1');
    const end = held.lastIndexOf('\n') + 1;
    if (end === 0 && held.length < heldBackLimit) continue;
    // A line without end is passed on in pieces, cut where no word is cut if there is such a place.
    const cut = end || held.lastIndexOf(' ') + 1 || held.length;
    yield Buffer.from(redact(held.slice(0, cut)), 'latin1');
    held = held.slice(cut);
  }
  if (held) yield Buffer.from(redact(held), 'latin1');
}
