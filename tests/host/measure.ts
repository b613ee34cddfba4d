import { readFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Container } from './container.js';
import { startInternetGithub, type InternetGithub } from './github.js';

/** Prints what one real container costs, step by step; run it in a quiet test host: `measure [ROUNDS]`. */

const rounds = Number(process.argv[2] ?? 9);
const times = new Map<string, number[]>();

function note(step: string, value: number): void {
  times.set(step, [...(times.get(step) ?? []), value]);
}

async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  note(step, performance.now() - start);
  return result;
}

/** Memory of a container, without the page cache that its processes share with others. */
async function memoryMiB(name: string): Promise<number> {
  const stat = await readFile(`/run/cgroup-v1/memory/${name}/memory.stat`, 'utf8');
  return Number(/^total_rss (\d+)$/m.exec(stat)?.[1]) / 2 ** 20;
}

async function round(github: InternetGithub): Promise<void> {
  const container = new Container();
  await timed('create', container.create);
  const startedAt = Date.now();
  const { bootedAt } = await timed('start, until booted', container.start);
  note('of that, until the container reports it', bootedAt - startedAt);
  note('memory of a standby container (MiB)', await memoryMiB(container.name));
  const jitConfig = await github.jitConfig(`measured-${container.name}`);
  const before = Date.now();
  await timed('hand-over, until listening is seen', async () => {
    await container.handOver(jitConfig);
    await container.event('listening');
  });
  const { listening } = await container.read();
  note('of that, until the container reports it ', (listening?.at ?? 0) - before);
  note('memory of an idle runner (MiB)', await memoryMiB(container.name));
  await timed('stop', container.stop);
  await timed('destroy', container.destroy);
}

const github = await startInternetGithub();
try {
  for (let count = 0; count < rounds; count += 1) await round(github);
} finally {
  await github.close();
}

const table = new Table({ head: ['step', 'median', 'slowest'], style: { head: [], border: [] } });
for (const [step, values] of times) {
  const sorted = values.toSorted((a, b) => a - b);
  const unit = step.includes('MiB') ? '' : ' ms';
  table.push([
    step.trim(),
    ...[sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map(
      (value) => `${Math.round(value ?? 0)}${unit}`,
    ),
  ]);
}
console.log(table.toString());
