import Table from 'cli-table3';
import { benchPool, floors } from './pool.js';

// Prints the performance figures beside their floors; `npm run bench`.
const figures = await benchPool((step) => process.stderr.write(`${step}\n`));
const table = new Table({ head: ['figure', 'measured', 'floor', 'ratio'], style: { head: [] } });
const row = (name: string, measured: number, floor: number) =>
  table.push([name, `${measured.toFixed(2)} s`, `${floor.toFixed(2)} s`, (measured / floor).toFixed(2)]);
row('cold fill until 7 idle', figures.fill, floors.fill);
row('28 jobs of 5 s queued at once, until the last is done', figures.waves, floors.waves);
table.push(['hand-over added by worker and Temporal, p50', `${figures.handOverMs.p50} ms`, '0 ms', '']);
table.push(['hand-over added by worker and Temporal, p99', `${figures.handOverMs.p99} ms`, '0 ms', '']);
table.push(['counted GitHub calls in an idle hour', figures.idleCallsPerHour.toFixed(0), '0', '']);
process.stdout.write(`${table.toString()}\n`);
