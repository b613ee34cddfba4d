import { inspect } from 'node:util';
import Table from 'cli-table3';
import prettyMs from 'pretty-ms';

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours a text, on a terminal that shows colours (and with NO_COLOR unset); leaves it as it is elsewhere. */
export function paint(colour: Colour, text: string): string {
  if (!process.stdout.isTTY || !process.stdout.hasColors()) return text;
  const [open, close] = inspect.colors[colour] ?? [0, 0];
  return `\u001b[${open}m${text}\u001b[${close}m`;
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** The one document that a command prints with `--json`. */
export function printJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/**
 * A copy with every control character replaced. Names of jobs come out of containers, where anyone may write them: a
 * terminal would obey what is in them.
 */
export function withoutControls<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === 'string' ? part.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd') : part,
  ) as T;
}

/** Rows in columns, without lines; an empty string when there are none. */
export function columns(head: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const table = new Table({
    head: head.map((title) => paint('dim', title)),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      ...{
        top: '',
        'top-mid': '',
        'top-left': '',
        'top-right': '',
        bottom: '',
        'bottom-mid': '',
        'bottom-left': '',
      },
      ...{
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: '',
      },
    },
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** How long, for people: 12s, 4m 5s, 3h 2m. */
export function duration(ms: number): string {
  return prettyMs(Math.max(0, ms), { unitCount: 2, secondsDecimalDigits: ms < 10_000 ? 1 : 0 });
}

/** How long ago, to the second. */
export function age(at: number | string, now = Date.now()): string {
  const since = typeof at === 'string' ? Date.parse(at) : at;
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  return seconds === 0 ? '0s' : prettyMs(seconds * 1000, { unitCount: 2 });
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 1536 → 1.5 KiB. */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

/** `1 runner`, `2 runners`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
