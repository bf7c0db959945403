import type { ChannelVerdict } from '../../verdict.ts';
import type { Speech } from '../speech.ts';
import { stamps } from './plot.ts';
import { range, spans, thin, traceOf } from './trace.ts';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 260, 52, 8, 16, 40];
const TICKS = 6;
let hatches = 0;

/** The whole chart as SVG, in black on white: for paper, where a canvas would be coarse and colour may be lost. */
export function still(channel: ChannelVerdict, [from, to]: [number, number], speech: Speech): SVGSVGElement {
  const [low, high] = range(channel);
  const x = (time: number): number => LEFT + (WIDTH - LEFT - RIGHT) * (time - from) / Math.max(1, to - from);
  const y = (milli: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (high - milli) / (high - low);
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'still', 'aria-hidden': 'true' });
  const id = `hatch${hatches++}`;
  const pattern = shape('pattern', { id, width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  pattern.append(shape('line', { x1: 0, y1: 0, x2: 0, y2: 7, stroke: '#555', 'stroke-width': 1.6 }));
  const defs = shape('defs', {});
  defs.append(pattern);
  svg.append(defs, shape('rect', { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM, fill: 'none', stroke: '#999' }));
  for (const [start, end] of spans(channel.intervals, 'OutOfRange', x, LEFT, WIDTH - RIGHT)) {
    svg.append(shape('rect', { x: start, y: TOP, width: end - start, height: HEIGHT - TOP - BOTTOM, fill: '#ddd' }));
    svg.append(shape('rect', { x: start, y: TOP - 8, width: end - start, height: 6, fill: '#000' }));
  }
  for (const [start, end] of spans(channel.intervals, 'NoData', x, LEFT, WIDTH - RIGHT)) {
    svg.append(shape('rect', { x: start, y: TOP, width: end - start, height: HEIGHT - TOP - BOTTOM, fill: `url(#${id})` }));
  }
  scales(svg, [from, to], [low, high], x, y, speech);
  const { times, values } = thin(traceOf(channel), from, to, WIDTH - LEFT - RIGHT, 0);
  const path = values.map((value, i) => value === null ? '' : `${i === 0 || values[i - 1] === null ? 'M' : 'L'}${x(times[i]).toFixed(1)} ${y(value).toFixed(1)}`
    + (values[i + 1] === undefined || values[i + 1] === null ? 'h.6' : '')).join('');
  const boxes = channel.readings.length > 0 ? '' : channel.intervals.filter((item) => item.min !== null).map((item) =>
    `M${x(item.from).toFixed(1)} ${y(item.max as number).toFixed(1)}H${x(item.to).toFixed(1)}V${y(item.min as number).toFixed(1)}H${x(item.from).toFixed(1)}z`).join('');
  svg.append(shape('path', { d: path + boxes || 'M0 0', fill: 'none', stroke: '#000', 'stroke-width': 1.3, 'stroke-linejoin': 'round' }));
  for (const [limit, shift] of [[channel.probe.high, -4], [channel.probe.low, 13]]) {
    svg.append(shape('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(limit), y2: y(limit), stroke: '#000', 'stroke-width': 1.2, 'stroke-dasharray': '7 5' }));
    svg.append(label(WIDTH - RIGHT - 4, y(limit) + shift, 'end', speech.celsius(limit)));
  }
  return svg;
}

function scales(svg: SVGSVGElement, [from, to]: [number, number], [low, high]: [number, number], x: (time: number) => number, y: (milli: number) => number,
  speech: Speech): void {
  const step = [1000, 2000, 5000, 10_000, 20_000, 50_000].find((size) => (high - low) / size <= 8) ?? 100_000;
  for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) {
    svg.append(shape('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: y(mark), y2: y(mark), stroke: '#ccc', 'stroke-width': 0.5 }));
    svg.append(label(LEFT - 6, y(mark) + 4, 'end', `${(mark / 1000).toLocaleString(speech.language)}°`.replace('-', '−')));
  }
  const times = Array.from({ length: TICKS + 1 }, (_, i) => from + (to - from) * i / TICKS);
  stamps(times, to - from > TICKS * 86_400_000 ? 86_400_000 : 60_000).forEach((text, i) => {
    const anchor = i === 0 ? 'start' : i === TICKS ? 'end' : 'middle';
    svg.append(shape('line', { x1: x(times[i]), x2: x(times[i]), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 5, stroke: '#555' }));
    text.split('\n').forEach((line, row) => svg.append(label(x(times[i]), HEIGHT - BOTTOM + 18 + 14 * row, anchor, line)));
  });
}

function label(x: number, y: number, anchor: string, text: string): SVGTextElement {
  const element = shape('text', { x, y, 'text-anchor': anchor, fill: '#000', 'font-size': 11, stroke: '#fff', 'stroke-width': 3, 'paint-order': 'stroke' });
  element.textContent = text;
  return element;
}

/** Presentation attributes, never a style attribute: the page's policy allows none. */
export function shape<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
