import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigFaults, readHostName } from '../../workers/config.js';
import { TemporalUnavailable } from '../../workers/temporal-client.js';
import { failureMessage } from '../../workflows/failures.js';

/** Why a command could not do its work, in a sentence for the person who typed it. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
  }
}

const exitCodes = { failed: 1, wrongUsage: 2 } as const;

/** A command with what all of ours have in common. */
export function operatorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print JSON, for programs')
    .showHelpAfterError(`(${name} --help tells more)`);
}

/** `--host`: whose pool is meant. */
export function hostOption(): Option {
  const description = "host whose pool is meant (default: RUNNER_HOST, or this machine's name)";
  return new Option('--host <name>', description).argParser((host) => {
    try {
      return readHostName({ RUNNER_HOST: host });
    } catch (error) {
      if (error instanceof ConfigFaults)
        throw new InvalidArgumentError('It must be the name of a host, without its domain.');
      throw error;
    }
  });
}

/** The host that was named, or RUNNER_HOST, or this machine. Error: ConfigFaults. */
export function hostOf({ host }: { host?: string }): string {
  return host ?? readHostName();
}

/** Parses a number of seconds, or of things. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/**
 * Runs a command to its end. Exit code 1 and one sentence on stderr when it can't do its work, 2 when it was called
 * in a wrong way or its configuration is faulty; never a stack trace.
 */
export async function runOperatorCommand(command: Command): Promise<void> {
  // The reader of our output may have seen enough: `runner-history | head -3`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : exitCodes.failed),
  );
  try {
    await command.exitOverride().parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // Commander has told its own faults, and help, already.
    if (error instanceof CommanderError) return;
    for (const sentence of sentencesOf(error)) process.stderr.write(`${command.name()}: ${sentence}\n`);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.wrongUsage;
  return error instanceof ConfigFaults ? exitCodes.wrongUsage : exitCodes.failed;
}

function sentencesOf(error: unknown): string[] {
  if (error instanceof ConfigFaults) return error.faults;
  if (error instanceof CommandError || error instanceof TemporalUnavailable) return [error.message];
  return [failureMessage(error)];
}
