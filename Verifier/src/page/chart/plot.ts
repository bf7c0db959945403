import UPlot from 'uplot';
import type { ChannelVerdict, ShownReading } from '../../verdict.ts';
import type { Speech } from '../speech.ts';
import { place, range, spans, thin, traceOf, type Trace } from './trace.ts';

/** Never less than this is shown: a minute, in milliseconds. */
const SPAN_MIN = 60_000;
const HATCH_STEP = 8;

/** The chart of one channel on a canvas: zoom, and a mark that steps from reading to reading. Colours follow the page's style. */
export class Plot {
  private readonly trace: Trace;
  private readonly readings: ShownReading[];
  private readonly times: number[];
  private readonly chart: UPlot;
  private readonly watcher: ResizeObserver;
  private readonly redraw = (): void => this.chart.redraw();
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private seen: [number, number];
  private at = -1;
  private moving = false;

  /** `say` is told of the reading that the mark stands on. */
  constructor(private readonly host: HTMLElement, private readonly channel: ChannelVerdict, private readonly window: [number, number],
    private readonly speech: Speech, private readonly say: (reading: ShownReading) => void) {
    this.trace = traceOf(channel);
    this.readings = [...channel.readings].sort((a, b) => a.time - b.time);
    this.times = this.readings.map((reading) => reading.time);
    this.seen = [...window];
    this.chart = new UPlot(this.options(), this.data(), host);
    this.watcher = new ResizeObserver(() => {
      if (host.clientWidth === 0 || host.clientWidth === this.chart.width) return;
      this.chart.setSize(this.size());
      this.show(...this.seen);
    });
    this.watcher.observe(host);
    this.dark.addEventListener('change', this.redraw);
    // A mouse is the chart's own affair; a finger that moves sideways reads along, one that moves up or down scrolls the page.
    this.chart.over.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'touch') this.chart.setCursor({ left: event.offsetX, top: event.offsetY });
    });
  }

  destroy(): void {
    this.dark.removeEventListener('change', this.redraw);
    this.watcher.disconnect();
    this.chart.destroy();
  }

  /** Shows this span, within the record's window. */
  show(from: number, to: number): void {
    const whole = Math.max(1, this.window[1] - this.window[0]);
    const span = Math.min(Math.max(to - from, Math.min(SPAN_MIN, whole)), whole);
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(middle - span / 2, this.window[0]), this.window[1] - span);
    this.seen = [start, start + span];
    this.moving = true; // What passes below the mark while the chart moves was not pointed at.
    this.chart.batch(() => {
      this.chart.setData(this.data(), false);
      this.chart.setScale('x', { min: start, max: start + span });
    });
    this.moving = false;
    this.place();
  }

  /** Factor below 1: closer; about the marked reading where it is in sight, else about the middle. */
  zoom(factor: number): void {
    const [from, to] = this.seen;
    const marked = this.times[this.at];
    const middle = marked !== undefined && marked >= from && marked <= to ? marked : (from + to) / 2;
    this.show(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  whole(): void {
    this.show(...this.window);
  }

  /** The mark goes on by so many readings and the view with it. */
  step(count: number): void {
    if (this.readings.length === 0) return;
    const start = this.at >= 0 ? this.at : count > 0 ? place(this.times, this.seen[0]) - 1 : place(this.times, this.seen[1]);
    this.mark(start + count);
  }

  /** The mark goes to the first reading (−1 for the last) of the record. */
  edge(side: 1 | -1): void {
    this.mark(side === 1 ? 0 : this.readings.length - 1);
  }

  /** Zooms to an interval with as much again on both sides, and marks its worst reading. */
  focus(from: number, to: number): void {
    const spare = Math.max(to - from, 10 * this.channel.probe.interval);
    this.show(from - spare, to + spare);
    const [start, end] = [place(this.times, from), place(this.times, to)];
    const { low, high } = this.channel.probe;
    const beyond = ({ temperature }: ShownReading): number => temperature === null ? -1 : Math.max(low - temperature, temperature - high);
    let worst = start;
    for (let i = start; i < end; i++) if (beyond(this.readings[i]) > beyond(this.readings[worst])) worst = i;
    this.mark(worst);
  }

  private mark(index: number): void {
    if (this.readings.length === 0) return;
    this.at = Math.min(Math.max(index, 0), this.readings.length - 1);
    const reading = this.readings[this.at];
    const [from, to] = this.seen;
    const span = to - from;
    if (reading.time < from) this.show(reading.time - span / 4, reading.time + span * 3 / 4);
    else if (reading.time > to) this.show(reading.time - span * 3 / 4, reading.time + span / 4);
    this.place();
    this.say(reading);
  }

  /** Puts the mark where its reading is now; nowhere, while that is out of sight. */
  private place(): void {
    const reading = this.readings[this.at];
    const hidden = reading === undefined || reading.time < this.seen[0] || reading.time > this.seen[1];
    const y = reading?.temperature ?? this.channel.probe.low;
    this.chart.setCursor(hidden ? { left: -10, top: -10 } : { left: this.chart.valToPos(reading.time, 'x'), top: this.chart.valToPos(y / 1000, 'y') }, false);
  }

  private pointed(left: number | undefined): void {
    if (this.moving || left === undefined || left < 0 || this.readings.length === 0) return;
    const time = this.chart.posToVal(left, 'x');
    const next = place(this.times, time);
    const nearer = next > 0 && (next === this.times.length || time - this.times[next - 1] < this.times[next] - time) ? next - 1 : next;
    if (nearer === this.at) return;
    this.at = nearer;
    this.say(this.readings[nearer]);
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.host.clientWidth), height: this.host.clientWidth < 500 ? 240 : 300 };
  }

  private data(): UPlot.AlignedData {
    const { times, values } = thin(this.trace, this.seen[0], this.seen[1], this.size().width);
    return [times, values.map((value) => value === null ? null : value / 1000)];
  }

  private options(): UPlot.Options {
    const [low, high] = range(this.channel);
    const font = '13px system-ui, sans-serif';
    const axis = { stroke: () => colour('quiet'), font, grid: { stroke: () => colour('line'), width: 1 }, ticks: { stroke: () => colour('line'), width: 1, size: 6 } };
    return {
      ...this.size(), ms: 1, padding: [18, 12, 0, 0], legend: { show: false },
      tzDate: (time) => UPlot.tzDate(new Date(time), 'UTC'),
      scales: { x: { time: true, auto: false, min: this.window[0], max: Math.max(this.window[1], this.window[0] + 1) }, y: { auto: false, range: [low / 1000, high / 1000] } },
      axes: [{ ...axis, size: 46, space: 76, values: (chart, times, __, ___, step) => stamps(times, step).map((text, i) => roomAtEnd(chart, times[i]) ? text : '') },
        { ...axis, size: 44, space: 32, values: (_, values) => values.map((value) => degrees(value, this.speech)) }],
      series: [{}, { stroke: () => colour('ink'), width: 1.5, spanGaps: false, points: { size: 4, stroke: () => colour('ink'), fill: () => colour('ink') } }],
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 10, fill: () => colour('ok'), stroke: () => colour('paper') } },
      hooks: {
        drawClear: [(chart) => this.ground(chart)], draw: [(chart) => this.limits(chart)],
        setCursor: [(chart) => this.pointed(chart.cursor.left)],
        setSelect: [(chart) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          this.show(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    };
  }

  /** The band between the limits, excursions shaded under a thick bar, spans without data hatched: told apart without colour. */
  private ground(chart: UPlot): void {
    const { ctx, bbox } = chart;
    const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
    const x = (time: number): number => chart.valToPos(time, 'x', true);
    const y = (milli: number): number => chart.valToPos(milli / 1000, 'y', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, 0, bbox.width, bottom);
    ctx.clip();
    ctx.fillStyle = colour('band');
    ctx.fillRect(bbox.left, y(this.channel.probe.high), bbox.width, y(this.channel.probe.low) - y(this.channel.probe.high));
    const bar = 5 * devicePixelRatio;
    for (const [from, to] of spans(this.channel.intervals, 'OutOfRange', x, bbox.left, right)) {
      ctx.fillStyle = colour('out');
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.fillStyle = colour('warn');
      ctx.fillRect(from, bbox.top - bar - 2, to - from, bar);
    }
    for (const [from, to] of spans(this.channel.intervals, 'NoData', x, bbox.left, right)) hatch(ctx, from, to, bbox.top, bottom);
    if (this.readings.length === 0) this.claims(ctx, x, y);
    ctx.restore();
  }

  /** Where no readings are disclosed: lowest to highest of each interval, as the gateway claims them. */
  private claims(ctx: CanvasRenderingContext2D, x: (time: number) => number, y: (milli: number) => number): void {
    ctx.strokeStyle = colour('ink');
    ctx.lineWidth = devicePixelRatio;
    for (const { from, to, min, max } of this.channel.intervals) {
      if (min !== null && max !== null) ctx.strokeRect(x(from), y(max), Math.max(1, x(to) - x(from)), Math.max(1, y(min) - y(max)));
    }
  }

  private limits(chart: UPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour('warn');
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([7 * devicePixelRatio, 5 * devicePixelRatio]);
    ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    for (const [limit, above] of [[this.channel.probe.high, true], [this.channel.probe.low, false]] as const) {
      const y = chart.valToPos(limit / 1000, 'y', true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const at = [bbox.left + bbox.width - 4, above ? y - 5 * devicePixelRatio : y + 14 * devicePixelRatio] as const;
      ctx.save();
      ctx.setLineDash([]);
      ctx.strokeStyle = colour('paper');
      ctx.lineWidth = 4 * devicePixelRatio;
      ctx.strokeText(this.speech.celsius(limit), ...at); // A rim, so that the words stand out from the line behind them.
      ctx.restore();
      ctx.fillText(this.speech.celsius(limit), ...at);
    }
    ctx.restore();
  }
}

/** Whether a label in the middle of this time is not cut by the chart's right edge. */
function roomAtEnd(chart: UPlot, time: number): boolean {
  const { min, max } = chart.scales.x;
  return min == null || max == null || (max - time) / (max - min) * (chart.width - 56) > 26;
}

function hatch(ctx: CanvasRenderingContext2D, from: number, to: number, top: number, bottom: number): void {
  const step = HATCH_STEP * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, top, to - from, bottom - top);
  ctx.clip();
  ctx.strokeStyle = colour('quiet');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  // Lines of one pattern for the whole chart, whichever span they show through.
  for (let x = Math.floor((from - (bottom - top)) / step) * step; x < to; x += step) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + bottom - top, top);
  }
  ctx.stroke();
  ctx.restore();
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Axis labels in UTC: days as ISO dates; within a day the time, with the date below where a new one begins. */
export function stamps(times: number[], step: number): string[] {
  let before = '';
  return times.map((time) => {
    const iso = new Date(time).toISOString();
    const [date, clock] = [iso.slice(0, 10), step < 60_000 ? iso.slice(11, 19) : iso.slice(11, 16)];
    if (step >= 86_400_000) return date;
    const label = date === before ? clock : `${clock}\n${date}`;
    before = date;
    return label;
  });
}

function degrees(value: number, speech: Speech): string {
  return `${value.toLocaleString(speech.language, { maximumFractionDigits: 3 })}°`.replace('-', '−');
}
