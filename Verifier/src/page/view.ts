import { reason } from '../reasons.ts';
import type { Check, Finding, Verdict, Word } from '../verdict.ts';
import type { ChartPanel } from './chart/panel.ts';
import { checkDetail, details, sealed } from './details.ts';
import { copyable, h, mark, type Child, type Shape } from './dom.ts';
import { instant } from './instant.ts';
import type { Speech } from './speech.ts';
import { temperature } from './temperature.ts';
import { authorities, type Trust } from './trust.ts';

const SHAPES: Record<Word, [string, Shape]> = {
  Verified: ['ok', 'tick'], NotYetAnchored: ['pending', 'triangle'], SignerUnknown: ['pending', 'triangle'],
  TimeNotProven: ['pending', 'triangle'], CannotCheck: ['unknown', 'ring'], Changed: ['failed', 'cross'], Incomplete: ['failed', 'cross'],
};

/** What the page knows beside the verdict, and what it does when something is copied. `scanned` is the code's short hash, if any. */
export interface Surroundings { speech: Speech; scanned: string | null; trust: Trust | null; charts: ChartPanel[]; said: (words: string) => void }

/** The word, the trust question, the checks, the temperature, what none of it proves, the keys, and all of it in full. */
export function verdictSections(verdict: Verdict, beside: (HTMLElement | null)[], { speech, scanned, trust, charts, said }: Surroundings): HTMLElement[] {
  const named = scanned === null ? null : verdict.roots.some((root) => root.startsWith(scanned));
  return [word(verdict, speech, named === false ? scanned : null, named === true), ...beside.filter((part) => part !== null), checks(verdict, speech),
    temperature(verdict, speech, charts), notProven(speech), keys(verdict, speech, trust, said), details(verdict, speech, said)];
}

function word(verdict: Verdict, speech: Speech, another: string | null, named: boolean): HTMLElement {
  const [style, shape] = another === null ? SHAPES[verdict.word] : ['failed', 'cross'] as [string, Shape];
  const failed = verdict.checks.find((check) => check.finding !== null)?.finding ?? null;
  const title = another === null ? speech.say(`word.${verdict.word}`) : speech.say('another');
  return h('section', { class: `verdict ${style}`, role: 'status', id: 'verdict', tabindex: -1, 'data-word': another === null ? verdict.word : 'AnotherRecord',
    'data-fault': verdict.fault }, h('div', { class: 'word' }, mark(shape), large(title)), h('div', { class: 'body' },
    h('p', {}, another === null ? speech.say(`means.${verdict.word}`) : speech.say('another.means', another)),
    named && h('p', { id: 'named' }, speech.say('another.not')),
    failed !== null && h('p', { id: 'reason' }, h('strong', {}, speech.colon(speech.say('reason'))), ...why(failed, speech)),
    verdict.gateway !== null && h('p', {}, speech.say('gateway', verdict.gateway)),
    verdict.gateway !== null && h('p', {}, instant(verdict.from, speech), ' ', instant(verdict.to, speech, '→ ')),
    amount(verdict, speech),
    ...verdict.notes.map((note) => h('p', { class: 'quiet' }, reason(speech.language, note.key, note.values))),
    verdict.channels.length > 0 && h('p', { class: 'noprint' }, h('button', { type: 'button', class: 'link', id: 'to-temperature', click: showTemperature }, speech.say('temperature')))));
}

/** How many readings there are, and how much time has none: whether the record is whole, not what the temperature did. */
function amount({ level, channels }: Verdict, speech: Speech): HTMLElement | null {
  if (level !== 'readings' || channels.length === 0) return null;
  const [readings, gaps] = [channels.flatMap((channel) => channel.readings), channels.flatMap((channel) => channel.intervals).filter(({ answer }) => answer === 'NoData')];
  return h('p', { id: 'amount' }, speech.say('amount', speech.count(readings.length), speech.count(readings.filter(({ temperature }) => temperature === null).length),
    speech.count(gaps.length), speech.duration(gaps.reduce((sum, { from, to }) => sum + to - from, 0))));
}

/** The other question stands below the checks; on a phone that is far. */
function showTemperature(): void {
  const section = document.getElementById('temperature');
  section?.focus({ preventScroll: true });
  section?.scrollIntoView();
}

/** As large as its longest word allows, measured in the reader's own font: on the narrowest phone none of them is broken. */
export function large(title: string): HTMLElement {
  const heading = h('h1', {}, title);
  const pen = document.createElement('canvas').getContext('2d');
  if (pen === null) return heading;
  pen.font = `700 100px ${getComputedStyle(document.body).fontFamily}`;
  heading.style.setProperty('--longest', String(title.split(' ').reduce((longest, word) => Math.max(longest, pen.measureText(word).width / 100), 1)));
  return heading;
}

/** Why, in the reader's language; the technical rule behind it in small type, in English. */
function why(finding: Finding, speech: Speech): Child[] {
  return [h('span', {}, reason(speech.language, finding.key, finding.values)),
    ...(finding.detail === '' ? [] : [' ', h('small', { class: 'quiet', lang: 'en' }, finding.detail)])];
}

function checks(verdict: Verdict, speech: Speech): HTMLElement {
  const shapes: Record<Check['state'], Shape> = { Ok: 'tick', Failed: 'cross', NotChecked: 'ring' };
  return h('section', {}, h('h2', {}, speech.say('checked')), h('ul', { class: 'checks' }, ...verdict.checks.map((check) =>
    h('li', { class: check.state, 'data-check': check.name }, mark(shapes[check.state]), h('div', {}, h('strong', {}, speech.say(`check.${check.name}`)),
      ` – ${speech.say(`state.${check.state}`)}`, check.finding !== null && h('div', {}, ...why(check.finding, speech)),
      check.state === 'Ok' && h('div', { class: 'quiet' }, checkDetail(verdict, check.name, speech)))))), ...sealed(verdict, speech));
}

function notProven(speech: Speech): HTMLElement {
  return h('section', {}, h('h2', {}, speech.say('not.proven')), h('ul', {}, ...[1, 2, 3, 4, 5].map((i) => h('li', {}, speech.say(`not.proven.${i}`)))));
}

/** Which keys were trusted, since when, and which keys signed. */
export function keys(verdict: Verdict | null, speech: Speech, trust: Trust | null, said: (words: string) => void): HTMLElement {
  return h('section', { id: 'keys', tabindex: -1 }, h('h2', {}, speech.say('keys')),
    h('p', {}, trust === null ? speech.say('trust.none') : `${speech.say(`trust.${trust.origin}`, speech.time(trust.since))} ${speech.age(trust.since)}`),
    ...(trust === null ? [] : authorities(trust.policy).map(({ name, fingerprint }) => h('p', {}, speech.say('trust.authority', name), ' ', copyable(fingerprint, speech, said)))),
    ...(verdict?.keyIds ?? []).map((id) => h('p', {}, speech.say('keys.signed', verdict?.gateway ?? ''), ' ', copyable(id, speech, said))),
    verdict?.authority !== null && verdict?.authority !== undefined && h('p', {}, speech.say('keys.authority', verdict.authority)));
}
