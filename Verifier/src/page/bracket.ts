import type { Bracket, Verdict } from '../verdict.ts';
import { shape } from './chart/still.ts';
import { h } from './dom.ts';
import type { Speech } from './speech.ts';

const [WIDTH, ROW, LABEL] = [720, 26, 20];

/** Three bars under each other on one scale of time: what the record is about, when it was sealed by others' clocks, and the widest bracket in it. */
export function bracketPicture(verdict: Verdict, widest: Bracket, speech: Speech): HTMLElement {
  const [first, last] = [verdict.brackets[0], verdict.brackets[verdict.brackets.length - 1]];
  const sealed: [number, number] = [first.notBefore ?? verdict.from, last.notAfter ?? verdict.to];
  const rows: [string, number, number, string][] = [
    ['picture.window', verdict.from, verdict.to, 'window'], ['picture.sealed', ...sealed, 'sealed'],
    ['picture.widest', widest.notBefore ?? sealed[0], widest.notAfter ?? sealed[1], 'widest'],
  ];
  const [from, to] = [Math.min(...rows.map((row) => row[1])), Math.max(...rows.map((row) => row[2]))];
  const x = (time: number): number => (WIDTH - 4) * (time - from) / Math.max(1, to - from) + 2;
  const height = rows.length * (ROW + LABEL);
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'brackets', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  rows.forEach(([, start, end, name], i) => {
    const [left, right, y] = [x(start), Math.max(x(end), x(start) + 3), i * (ROW + LABEL) + LABEL + 4];
    svg.append(shape('line', { x1: 0, x2: WIDTH, y1: y + 9, y2: y + 9, class: 'axis' }));
    svg.append(shape('rect', { x: left, y, width: right - left, height: 18, class: name }));
  });
  return h('div', { class: 'picture', 'aria-hidden': 'true' }, svg, ...rows.map(([key], i) => h('span', { class: `row${i}` }, speech.say(key))));
}
