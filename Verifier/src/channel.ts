import type { ProvenBatch } from './batches.ts';
import { utc } from './bytes.ts';
import type { Bundle } from './bundle.ts';
import type { Column, Gap, SummaryLeaf, VerdictLeaf } from './leaf.ts';
import { found, type Answer, type ChannelVerdict, type Finding, type Interval, type ShownReading } from './verdict.ts';

interface Segment extends Interval { hold: number }

const celsius = (milli: number): string => (milli / 1000).toFixed(3);

/** One channel through all batches: no reading left out, none twice, every hole declared; and what the temperature did. */
export class ChannelRules {
  private readonly segments: Segment[] = [];
  private readonly readings: ShownReading[] = [];
  private nextSequence: number | null = null;
  private last: { batch: ProvenBatch; time: number; interval: number } | null = null;

  constructor(private readonly channel: number, private readonly bundle: Bundle, private readonly batches: ProvenBatch[]) {}

  /** Walks the batches. After a finding the answers stand as far as the walk came. */
  check(): Finding | null {
    if (!this.batches.some((batch) => this.channel < batch.manifest.commitments.length)) {
      return found('ChannelNotShown', '', this.channel);
    }
    if (this.bundle.level === 'headers') return null;
    for (const [i, batch] of this.batches.entries()) {
      if (this.channel >= batch.manifest.commitments.length) {
        this.nextSequence = null;
        this.last = null;
        continue; // Not enrolled then: the intervals say "no data".
      }
      const finding = this.batch(batch, i === 0 || i === this.batches.length - 1);
      if (finding !== null) return finding;
    }
    return null;
  }

  answers(): ChannelVerdict {
    const batch = [...this.batches].reverse().find((item) => this.channel < item.manifest.commitments.length);
    if (batch === undefined) throw new Error('Answers are asked for after check() found the channel.');
    const intervals = this.join();
    const answer: Answer = intervals.some((i) => i.answer === 'OutOfRange') ? 'OutOfRange'
      : intervals.length === 0 || intervals.some((i) => i.answer === 'NoData') ? 'NoData' : 'InRange';
    const readings = this.readings.filter((reading) => reading.time >= this.bundle.from && reading.time <= this.bundle.to);
    return { channel: this.channel, probe: batch.probe(this.channel), answer, intervals, readings };
  }

  private batch(batch: ProvenBatch, edge: boolean): Finding | null {
    const [column, summary, verdict] = [batch.column(this.channel), batch.summary(this.channel), batch.verdict(this.channel)];
    const shown = this.shown(batch, column, summary, verdict, edge);
    if (shown !== null) return shown;
    const claim = summary ?? verdict;
    const first = column?.firstSequence ?? claim?.firstSequence ?? 0;
    const count = column?.samples.length ?? claim?.count ?? 0;
    const expected = this.nextSequence;
    if (expected !== null && first !== expected) {
      return first === expected + 1 ? found('SequenceHole', 'one', this.channel, expected, batch.header.number)
        : first > expected ? found('SequenceHole', 'before', this.channel, expected, first - 1, batch.header.number)
        : found('SequenceRepeated', '', this.channel, batch.header.number, first, expected);
    }
    this.nextSequence = first + count;
    const claims = this.claims(batch, column, summary, verdict);
    if (claims !== null || count === 0) return claims;
    if (column !== undefined) return this.column(batch, column);
    return verdict === undefined ? null : this.claimed(batch, summary, verdict);
  }

  /** Whether what must be shown at this level is shown. */
  private shown(batch: ProvenBatch, column: Column | undefined, summary: SummaryLeaf | undefined, verdict: VerdictLeaf | undefined,
    edge: boolean): Finding | null {
    const number = batch.header.number;
    if (this.bundle.level !== 'readings') {
      return verdict === undefined || (this.bundle.level === 'summaries' && summary === undefined)
        ? found('SummaryMissing', 'level', number, this.channel) : null;
    }
    if (column === undefined && (summary === undefined || summary.count > 0)) {
      return found('SequenceHole', 'batch', number, this.channel);
    }
    return edge && summary === undefined
      ? found('SummaryMissing', 'edge', number, this.channel)
      : null;
  }

  /** The gateway's signed claims against the readings that are shown. */
  private claims(batch: ProvenBatch, column: Column | undefined, summary: SummaryLeaf | undefined,
    verdict: VerdictLeaf | undefined): Finding | null {
    const [limits, number] = [batch.probe(this.channel), batch.header.number];
    if (verdict !== undefined && (verdict.low !== limits.low || verdict.high !== limits.high)) {
      return found('LimitsContradicted', '', number, this.channel, ...[verdict.low, verdict.high, limits.low, limits.high].map(celsius));
    }
    if (summary !== undefined && verdict !== undefined
      && (summary.count !== verdict.count || summary.firstSequence !== verdict.firstSequence)) {
      return found('SummaryContradicted', 'verdict', number, this.channel);
    }
    if (column === undefined) return null;
    let [min, max, measured, outside]: [number | null, number | null, number, number] = [null, null, 0, 0];
    for (const { temperature } of column.samples) {
      if (temperature === null) continue;
      measured++;
      min = min === null ? temperature : Math.min(min, temperature);
      max = max === null ? temperature : Math.max(max, temperature);
      if (temperature < limits.low || temperature > limits.high) outside++;
    }
    const count = column.samples.length;
    if (summary !== undefined && (summary.first !== column.first || summary.count !== count || summary.firstSequence !== column.firstSequence
      || summary.firstTime !== column.times[0] || summary.lastTime !== column.times[count - 1] || summary.min !== min || summary.max !== max)) {
      return summary.count === count && summary.firstSequence === column.firstSequence ? found('SummaryContradicted', 'values', number, this.channel)
        : found('SummaryContradicted', 'readings', number, this.channel, summary.count, summary.firstSequence, count, column.firstSequence);
    }
    return verdict !== undefined && (verdict.count !== count || verdict.outCount !== outside || verdict.badCount !== count - measured)
      ? found('VerdictContradicted', '', number, verdict.outCount, this.channel, outside) : null;
  }

  private column(batch: ProvenBatch, column: Column): Finding | null {
    const limits = batch.probe(this.channel);
    for (const [i, { outcome, temperature }] of column.samples.entries()) {
      const [time, sequence] = [column.times[i], column.firstSequence + i];
      if (time < batch.header.opened || time > batch.header.closed) {
        return found('TimeDisorder', 'reading', sequence, this.channel, utc(time), batch.header.number);
      }
      const gap = this.follow(batch, time, limits.interval, sequence);
      if (gap !== null) return gap;
      this.readings.push({ sequence, time, outcome, temperature });
      const answer: Answer = temperature === null ? 'NoData' : temperature < limits.low || temperature > limits.high ? 'OutOfRange' : 'InRange';
      this.segments.push({ from: time, to: time + limits.interval, hold: limits.interval, answer, min: temperature, max: temperature,
        readings: 1, cause: answer === 'NoData' ? outcome : null });
    }
    return null;
  }

  /** Below the level of readings there is one answer a batch, and it is the gateway's own claim. */
  private claimed(batch: ProvenBatch, summary: SummaryLeaf | undefined, verdict: VerdictLeaf): Finding | null {
    const { interval } = batch.probe(this.channel);
    const [from, to] = [verdict.firstTime, verdict.lastTime];
    if (from < batch.header.opened || to > batch.header.closed || to < from) {
      return found('TimeDisorder', 'batch', this.channel, batch.header.number);
    }
    const gap = this.follow(batch, from, interval, verdict.firstSequence);
    if (gap !== null) return gap;
    this.last = { batch, time: to, interval };
    const answer: Answer = verdict.outCount > 0 ? 'OutOfRange' : verdict.badCount > 0 ? 'NoData' : 'InRange';
    this.segments.push({ from, to: to + interval, hold: interval, answer, min: summary?.min ?? null, max: summary?.max ?? null,
      readings: verdict.count, cause: answer === 'NoData' ? 'WithoutValue' : null });
    return null;
  }

  /** From the last reading to this one: at most two intervals by the gateway's monotonic clock, or the hole is declared by an event. */
  private follow(batch: ProvenBatch, time: number, interval: number, sequence: number): Finding | null {
    const before = this.last;
    this.last = { batch, time, interval };
    if (before === null) return null;
    const sameBoot = before.batch.header.clock.boot === batch.header.clock.boot;
    const spacing = sameBoot ? batch.uptime(time) - before.batch.uptime(before.time) : time - before.time;
    if (spacing <= 2 * interval) return null;
    const covers = (gap: Gap): boolean => gap.from <= before.time + 2 * before.interval && gap.to >= time - 2 * interval;
    const hole = batch.gaps.find(covers) ?? (before.batch === batch ? undefined : before.batch.gaps.find(covers));
    if (!hole) {
      return found('GapUndeclared', 'readings', this.channel, utc(before.time), sequence, utc(time));
    }
    this.segments.push({ from: before.time + before.interval, to: time, hold: 0, answer: 'NoData', min: null, max: null, readings: 0,
      cause: hole.cause });
    return null;
  }

  private join(): Interval[] {
    const joined: Interval[] = [];
    for (const [i, segment] of this.segments.entries()) {
      // A reading holds until the next one, at most for two intervals: beyond that the wall clock was stepped, and nothing is known.
      const next = this.segments[i + 1]?.from ?? segment.to;
      const end = Math.max(segment.from, Math.min(next, segment.to + segment.hold));
      this.clip(joined, segment, end);
      if (end < next) this.clip(joined, { ...nothing(end, next, 'ClockStep'), hold: 0 }, next);
    }
    const last = joined[joined.length - 1];
    // Said, so that it is not taken for "not disclosed".
    if (last === undefined && this.bundle.level !== 'headers') joined.push(nothing(this.bundle.from, this.bundle.to, 'NoReading'));
    if (last !== undefined && last.to < this.bundle.to) joined.push(nothing(last.to, this.bundle.to, 'AfterLast'));
    return joined;
  }

  private clip(joined: Interval[], segment: Segment, end: number): void {
    const [from, to] = [Math.max(segment.from, this.bundle.from), Math.min(end, this.bundle.to)];
    if (to < from || (to === from && segment.from !== from)) return;
    if (joined.length === 0 && from > this.bundle.from) joined.push(nothing(this.bundle.from, from, 'BeforeFirst'));
    const before = joined[joined.length - 1];
    if (before === undefined || before.answer !== segment.answer || before.cause !== segment.cause) {
      const { answer, min, max, readings, cause } = segment;
      joined.push({ from, to, answer, min, max, readings, cause });
      return;
    }
    before.to = to;
    before.min = before.min === null ? segment.min : segment.min === null ? before.min : Math.min(before.min, segment.min);
    before.max = before.max === null ? segment.max : segment.max === null ? before.max : Math.max(before.max, segment.max);
    before.readings += segment.readings;
  }
}

function nothing(from: number, to: number, cause: string): Interval {
  return { from, to, answer: 'NoData', min: null, max: null, readings: 0, cause };
}
