import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { startGithubSimulator } from './simulator.js';

const program = new Command('github-simulator')
  .description('A simulated GitHub with one repository; prints its URL as one line of JSON when it is ready.')
  .requiredOption('--repository <owner/repo>', 'the repository it has')
  .requiredOption('--token-file <path>', 'file with the tokens it accepts, one a line')
  .option('--port <number>', 'port to listen on; 0 takes any free one', Number, 0)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--public-url <url>', 'base URL that answers name, when it is not that of the socket')
  .option('--assignment-delay-ms <ms>', 'how long a job stays queued at least', Number, 0)
  .option('--list-lag-ms <ms>', 'how long a new runner is missing from lists', Number, 0)
  .option('--idle-timeout-ms <ms>', 'how long an idle runner may be silent', Number, 3_000)
  .option('--busy-timeout-ms <ms>', 'how long a busy runner may be silent', Number, 10_000)
  .option('--exit-with-stdin', 'stop when standard input closes')
  .parse();

const { tokenFile, exitWithStdin, ...options } = program.opts<{
  repository: string;
  tokenFile: string;
  exitWithStdin?: boolean;
  port: number;
}>();
const tokens = readFileSync(tokenFile, 'utf8').split('\n').filter(Boolean);
const simulator = await startGithubSimulator({ ...options, tokens });

const stopped = new Promise<void>((resolve) => {
  process.once('SIGTERM', resolve).once('SIGINT', resolve);
  if (exitWithStdin) process.stdin.resume().once('close', resolve);
  void simulator.shutdownRequested.then(resolve);
});
console.log(JSON.stringify({ url: simulator.url }));
await stopped;
await simulator.close();
process.stdin.destroy();
