import { fromUtf8, refuse, utc } from '../bytes.ts';
import { OUTCOMES } from '../leaf.ts';
import type { ChannelVerdict, ShownReading } from '../verdict.ts';

export const CSV_LENGTH_MAX = 64 * 1024 * 1024;
const ROWS_MAX = 2_000_000;
export const CSV_COLUMNS = ['channel', 'sequence', 'time_utc', 'temperature_c', 'status'];

/** One line of readings.csv. Milliseconds since 1970 UTC, milli-degrees Celsius or null, outcome by its name. */
export interface CsvRow { line: number; channel: number; sequence: number; time: number; temperature: number | null; outcome: string }

/**
 * Reads readings.csv (docs/formats.md) exactly: no value passes through floating point. A semicolon with a decimal comma, as spreadsheets
 * write in many countries, is read too. Throws Malformed with the line that does not fit.
 */
export function parseCsv(bytes: Uint8Array): CsvRow[] {
  if (bytes.length > CSV_LENGTH_MAX) refuse(`The table has ${bytes.length} bytes; at most ${CSV_LENGTH_MAX} are read.`);
  const lines = fromUtf8(bytes, 'table').replace(/^\ufeff/, '').split(/\r?\n/);
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  if (lines.length - 1 > ROWS_MAX) refuse(`The table has ${lines.length - 1} rows; at most ${ROWS_MAX} are read.`);
  const separator = (lines[0] ?? '').includes(';') ? ';' : ',';
  const cells = (line: string): string[] => line.split(separator).map((cell) => cell.replace(/^"(.*)"$/, '$1'));
  if (cells(lines[0] ?? '').join() !== CSV_COLUMNS.join()) refuse(`The table's first line is not "${CSV_COLUMNS.join()}".`);
  return lines.slice(1).map((line, i) => row(cells(line), i + 2, separator));
}

function row(cells: string[], line: number, separator: string): CsvRow {
  const wrong = (what: string): never =>
    refuse(`Line ${line} of the table: ${what}. A spreadsheet may have rewritten it; use the file as it was given.`);
  if (cells.length !== CSV_COLUMNS.length) wrong(`${cells.length} columns, not ${CSV_COLUMNS.length}`);
  const [channel, sequence, time, temperature, status] = cells;
  if (!/^[0-9]{1,2}$/.test(channel)) wrong('the channel is not a whole number');
  if (!/^[0-9]{1,15}$/.test(sequence)) wrong('the sequence number is not a whole number');
  const at = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at)) wrong('the time is not written like 2026-01-01T00:00:00.000Z');
  if (!/^[0-8]$/.test(status)) wrong('the status is not 0 to 8');
  const value = temperature === '' ? null : milli(separator === ';' ? temperature.replace(',', '.') : temperature);
  if (value === undefined) wrong('the temperature is not a number with at most three decimals');
  const outcome = OUTCOMES[Number(status)];
  return { line, channel: Number(channel), sequence: Number(sequence), time: at, temperature: value ?? null, outcome };
}

/** "-0.5" is −500 milli-degrees, exactly; undefined for anything else than digits. */
function milli(text: string): number | undefined {
  const parts = /^([-\u2212]?)([0-9]{1,6})(?:\.([0-9]{1,3}))?$/.exec(text);
  if (parts === null) return undefined;
  const size = Number(parts[2]) * 1000 + Number((parts[3] ?? '').padEnd(3, '0'));
  return parts[1] === '' || size === 0 ? size : -size;
}

export type Difference = 'differs' | 'missing' | 'extra' | 'repeated';

/** The first place where the table and the proven readings part. `line` is 0 where the table lacks the reading; a value that is not there is empty. */
export interface FirstDifference {
  kind: Difference; line: number; channel: number; sequence: number; column: string; table: string; proven: string;
}

export interface Comparison { equal: number; missing: number; extra: number; differing: number; first: FirstDifference | null }

/** Compares a table with what a verified bundle shows: by channel and sequence number, every value to the milli-degree and millisecond. */
export function compareCsv(rows: CsvRow[], channels: ChannelVerdict[]): Comparison {
  const proven = new Map<string, ShownReading>();
  for (const { channel, readings } of channels) for (const reading of readings) proven.set(`${channel} ${reading.sequence}`, reading);
  const answer: Comparison = { equal: 0, missing: 0, extra: 0, differing: 0, first: null };
  const note = (difference: FirstDifference): void => {
    answer.first ??= difference;
  };
  const seen = new Set<string>();
  for (const row of rows) {
    const key = `${row.channel} ${row.sequence}`;
    const reading = proven.get(key);
    const at = { line: row.line, channel: row.channel, sequence: row.sequence };
    if (seen.has(key) || reading === undefined) {
      answer.extra++;
      note({ kind: seen.has(key) ? 'repeated' : 'extra', ...at, column: '', table: degrees(row.temperature), proven: '' });
      continue;
    }
    seen.add(key);
    const parts = part(row, reading);
    if (parts === null) answer.equal++;
    else {
      answer.differing++;
      note({ kind: 'differs', ...at, ...parts });
    }
  }
  for (const { channel, readings } of channels) {
    for (const { sequence, temperature } of readings) {
      if (seen.has(`${channel} ${sequence}`)) continue;
      answer.missing++;
      note({ kind: 'missing', line: 0, channel, sequence, column: '', table: '', proven: degrees(temperature) });
    }
  }
  return answer;
}

function part(row: CsvRow, reading: ShownReading): { column: string; table: string; proven: string } | null {
  if (row.time !== reading.time) return { column: 'time_utc', table: utc(row.time), proven: utc(reading.time) };
  if (row.temperature !== reading.temperature) {
    return { column: 'temperature_c', table: degrees(row.temperature), proven: degrees(reading.temperature) };
  }
  return row.outcome === reading.outcome ? null : { column: 'status', table: row.outcome, proven: reading.outcome };
}

function degrees(temperature: number | null): string {
  if (temperature === null) return '';
  const digits = String(Math.abs(temperature)).padStart(4, '0');
  return `${temperature < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
