import type { z } from 'zod';

/** A body of the simulator's own routes that is not as it should be; answered with 400. */
export class BadBody extends Error {}

/** Reads a JSON body of the simulator's own routes; BadBody says what is wrong with it. */
export function parseJson<T extends z.ZodType>(schema: T, text: unknown): z.output<T> {
  let json: unknown;
  try {
    json = JSON.parse(typeof text === 'string' && text !== '' ? text : '{}');
  } catch {
    throw new BadBody('the body is not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new BadBody(
    result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
  );
}
