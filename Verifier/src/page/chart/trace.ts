import type { ChannelVerdict, Interval, ShownReading } from '../../verdict.ts';

/** Up to so many visible points are drawn as they are; more are thinned to what a screen can show. */
export const RAW_MAX = 5_000;

/** Points to draw: rising times in milliseconds, values in milli-degrees Celsius; null ends the line. */
export interface Trace { times: number[]; values: (number | null)[] }

/** A channel's readings by rising time, the line ended at every hole, failed reading and step of the wall clock. */
export function traceOf({ readings, intervals }: ChannelVerdict): Trace {
  const trace: Trace = { times: [], values: [] };
  const holes = intervals.filter((interval) => interval.answer === 'NoData' && interval.readings === 0);
  let [hole, before, pass]: [number, number, number] = [0, Number.NEGATIVE_INFINITY, 0];
  for (const { time, temperature, passage } of ordered(readings)) {
    let crossed = passage !== pass;
    while (hole < holes.length && holes[hole].to <= time) crossed = holes[hole++].from >= before || crossed;
    if (crossed && trace.times.length > 0 && trace.values[trace.values.length - 1] !== null) put(trace, Math.max(before, time - 1), null);
    put(trace, time, temperature);
    [before, pass] = [time, passage];
  }
  return trace;
}

/** Readings by time. Where the wall clock was stepped back two passages over one span lie over each other; each knows which it is. */
function ordered(readings: ShownReading[]): { time: number; temperature: number | null; passage: number }[] {
  let passage = 0;
  const all = readings.map(({ time, temperature }, i) => {
    if (i > 0 && time < readings[i - 1].time) passage++;
    return { time, temperature, passage };
  });
  return passage === 0 ? all : all.sort((a, b) => a.time - b.time);
}

/**
 * The part of a trace from one time to another for so many pixel columns: as it is while few points are visible, otherwise the first,
 * lowest, highest and last of each column, so that no spike is lost at any zoom. One point beyond either end keeps the line whole.
 */
export function thin(trace: Trace, from: number, to: number, columns: number, rawMax = RAW_MAX): Trace {
  const start = Math.max(0, place(trace.times, from) - 1);
  const end = Math.min(trace.times.length, place(trace.times, to + 1) + 1);
  if (end - start <= rawMax) return { times: trace.times.slice(start, end), values: trace.values.slice(start, end) };
  const [thinned, width]: [Trace, number] = [{ times: [], values: [] }, Math.max(1, to - from) / Math.max(1, columns)];
  for (let i = start; i < end;) {
    const column = Math.floor((trace.times[i] - from) / width);
    const first = i;
    while (i < end && Math.floor((trace.times[i] - from) / width) === column) i++;
    putColumn(thinned, trace, first, i);
  }
  return thinned;
}

function putColumn(into: Trace, { times, values }: Trace, start: number, end: number): void {
  let [first, lowest, highest, last] = [-1, -1, -1, -1];
  for (let i = start; i < end; i++) {
    const value = values[i];
    if (value === null) continue;
    if (first < 0) first = i;
    if (lowest < 0 || value < (values[lowest] as number)) lowest = i;
    if (highest < 0 || value > (values[highest] as number)) highest = i;
    last = i;
  }
  if (values[start] === null) put(into, times[start], null);
  for (const i of [...new Set([first, lowest, highest, last])].sort((a, b) => a - b)) if (i >= 0) put(into, times[i], values[i]);
  if (last >= 0 && values[end - 1] === null) put(into, times[end - 1], null);
}

/** First index whose time is not before `time`. */
export function place(times: number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Spans to shade or hatch, in pixels; those that fall into one pixel are drawn once. */
export function spans(intervals: Interval[], answer: Interval['answer'], x: (time: number) => number, left: number, right: number): [number, number][] {
  const shown: [number, number][] = [];
  for (const interval of intervals) {
    if (interval.answer !== answer) continue;
    const [from, to] = [Math.max(left, x(interval.from)), Math.min(right, x(interval.to))];
    if (to < left || from > right) continue;
    const before = shown[shown.length - 1];
    if (before !== undefined && from <= before[1] + 0.5 && from >= before[0]) before[1] = Math.max(before[1], to, from + 1);
    else shown.push([from, Math.max(to, from + 1)]);
  }
  return shown;
}

/** Lowest and highest degree of the scale, in milli-degrees: all readings and both limits with a degree to spare. */
export function range({ readings, probe, intervals }: ChannelVerdict): [number, number] {
  let [low, high] = [probe.low, probe.high];
  for (const { temperature } of readings) if (temperature !== null) [low, high] = [Math.min(low, temperature), Math.max(high, temperature)];
  for (const { min, max } of intervals) [low, high] = [Math.min(low, min ?? low), Math.max(high, max ?? high)];
  return [Math.floor(low / 1000 - 0.5) * 1000, Math.ceil(high / 1000 + 0.5) * 1000];
}

function put(trace: Trace, time: number, value: number | null): void {
  trace.times.push(time);
  trace.values.push(value);
}
