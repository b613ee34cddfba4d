import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

export interface ServiceOptions {
  /** For messages: `Temporal`, `worker of cdk-runner-01`. */
  name: string;
  program: string;
  args: string[];
  env: Record<string, string>;
  /** Where its output goes. */
  logFile: string;
  onLine?: (line: string) => void;
}

/** A long-running program that a demo or a test has started. */
export interface Service {
  readonly pid: number;
  /** Resolves with a sentence when the program has ended, however it did. */
  readonly ended: Promise<string>;
  /** Asks it to end, and waits; ends it by force after 20 s. */
  stop(): Promise<void>;
  /** As a crash: no line of its code runs any more. */
  kill(): Promise<void>;
}

const politeMs = 20_000;

/** Starts a program that inherits only PATH and HOME besides `env`. It ends when this process does. */
export function startService({ name, program, args, env, logFile, onLine }: ServiceOptions): Service {
  const { PATH = '/usr/bin:/bin', HOME = '/root' } = process.env;
  const child = execa(program, args, {
    env: { PATH, HOME, ...env },
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    all: true,
    forceKillAfterDelay: politeMs,
  });
  child.all.pipe(createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
  if (onLine) createInterface({ input: child.all }).on('line', onLine);
  const ended = child.then(
    ({ exitCode, signal }) => `${name} ended (${signal ?? `exit code ${exitCode}`}), see ${logFile}`,
  );
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    await ended;
  };
  return { pid: child.pid ?? 0, ended, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
