import { h } from './dom.ts';
import type { Speech } from './speech.ts';

/** UTC and the reader's own time with its offset, in parts that do not break; `before` stays with the first of them. */
export function instant(ms: number, speech: Speech, before = ''): HTMLElement {
  const { date, clock, local } = speech.instant(ms);
  return h('time', { datetime: new Date(ms).toISOString() }, h('span', {}, before + date), ' ', h('span', {}, clock), ...(local === null ? [] : [' ', h('span', { class: 'quiet' }, local)]));
}
