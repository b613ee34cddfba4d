import { createInterface } from 'node:readline/promises';
import { CommandError } from './command.js';

/** Asks the person at the terminal. Error: CommandError when there is none, or when the answer is not yes. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError('Nobody is there to confirm: say --yes if you mean it. Nothing was done.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-D, or a terminal that goes away, is no consent.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('Not confirmed: nothing was done.');
}
