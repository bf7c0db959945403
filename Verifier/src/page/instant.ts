import { h } from './dom.ts';
import type { Speech } from './speech.ts';

/** UTC and the reader's own time with its offset, in parts that do not break. */
export function instant(ms: number, speech: Speech): HTMLElement {
  const { date, clock, local } = speech.instant(ms);
  return h('time', { datetime: new Date(ms).toISOString() }, h('span', {}, date), ' ', h('span', {}, clock), ...(local === null ? [] : [' ', h('span', { class: 'quiet' }, local)]));
}
