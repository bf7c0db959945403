import { reason } from '../reasons.ts';
import type { Check, Finding, Verdict, Word } from '../verdict.ts';
import type { ChartPanel } from './chart/panel.ts';
import { h, mark, type Child, type Shape } from './dom.ts';
import type { Speech } from './speech.ts';
import { temperature } from './temperature.ts';
import { authorities, type Trust } from './trust.ts';

const SHAPES: Record<Word, [string, Shape]> = {
  Verified: ['ok', 'tick'], NotYetAnchored: ['pending', 'triangle'], SignerUnknown: ['pending', 'triangle'],
  TimeNotProven: ['pending', 'triangle'], CannotCheck: ['unknown', 'ring'], Changed: ['failed', 'cross'], Incomplete: ['failed', 'cross'],
};

/** The word, the trust question, the checks, the temperature, and what none of it proves. `scanned` is the code's short hash, if any. */
export function verdictSections(verdict: Verdict, speech: Speech, scanned: string | null, trust: Trust | null, panel: HTMLElement | null,
  charts: ChartPanel[]): HTMLElement[] {
  const another = scanned !== null && !verdict.roots.some((root) => root.startsWith(scanned));
  const sections = [word(verdict, speech, another ? scanned : null), ...(panel === null ? [] : [panel]), checks(verdict, speech)];
  return [...sections, temperature(verdict, speech, charts), notProven(speech), keys(verdict, speech, trust)];
}

function word(verdict: Verdict, speech: Speech, another: string | null): HTMLElement {
  const [style, shape] = another === null ? SHAPES[verdict.word] : ['failed', 'cross'] as [string, Shape];
  const failed = verdict.checks.find((check) => check.finding !== null)?.finding ?? null;
  const title = another === null ? speech.say(`word.${verdict.word}`) : speech.say('another');
  return h('section', { class: `verdict ${style}`, role: 'status', id: 'verdict', tabindex: -1, 'data-word': another === null ? verdict.word : 'AnotherRecord',
    'data-fault': verdict.fault }, mark(shape), h('div', {}, h('h1', {}, title),
    h('p', {}, another === null ? speech.say(`means.${verdict.word}`) : speech.say('another.means', another)),
    failed !== null && h('p', { id: 'reason' }, h('strong', {}, `${speech.say('reason')}: `), ...why(failed, speech)),
    verdict.gateway !== null && h('p', {}, speech.say('gateway', verdict.gateway)),
    verdict.gateway !== null && h('p', {}, `${speech.time(verdict.from)} → ${speech.time(verdict.to)}`),
    ...verdict.notes.map((note) => h('p', { class: 'quiet' }, reason(speech.language, note.key, note.values)))));
}

/** Why, in the reader's language; the technical rule behind it in small type, in English. */
function why(finding: Finding, speech: Speech): Child[] {
  return [h('span', {}, reason(speech.language, finding.key, finding.values)),
    ...(finding.detail === '' ? [] : [' ', h('small', { class: 'quiet', lang: 'en' }, finding.detail)])];
}

function checks(verdict: Verdict, speech: Speech): HTMLElement {
  const shapes: Record<Check['state'], Shape> = { Ok: 'tick', Failed: 'cross', NotChecked: 'ring' };
  const [from, to] = [verdict.brackets[0]?.notBefore ?? null, verdict.brackets[verdict.brackets.length - 1]?.notAfter ?? null];
  const widest = Math.max(0, ...verdict.brackets.map((bracket) => (bracket.notAfter ?? 0) - (bracket.notBefore ?? 0)));
  return h('section', {}, h('h2', {}, speech.say('checked')), h('ul', { class: 'checks' }, ...verdict.checks.map((check) =>
    h('li', { class: check.state, 'data-check': check.name }, mark(shapes[check.state]), h('div', {}, h('strong', {}, speech.say(`check.${check.name}`)),
      ` – ${speech.say(`state.${check.state}`)}`, check.finding !== null && h('div', {}, ...why(check.finding, speech)))))),
  from !== null && to !== null && h('p', { id: 'bracket' }, speech.say('sealed', speech.time(from), speech.time(to), speech.duration(widest))));
}

function notProven(speech: Speech): HTMLElement {
  return h('section', {}, h('h2', {}, speech.say('not.proven')), h('ul', {}, ...[1, 2, 3, 4, 5].map((i) => h('li', {}, speech.say(`not.proven.${i}`)))));
}

function keys(verdict: Verdict, speech: Speech, trust: Trust | null): HTMLElement {
  return h('section', {}, h('h2', {}, speech.say('keys')), h('p', {}, trust === null ? speech.say('trust.none') : speech.say(`trust.${trust.origin}`, speech.time(trust.since))),
    ...(trust === null ? [] : authorities(trust.policy).map(({ name, fingerprint }) => h('p', { class: 'hash' }, speech.say('trust.authority', name, fingerprint)))),
    ...verdict.keyIds.map((id) => h('p', { class: 'hash' }, speech.say('keys.gateway', verdict.gateway ?? '', id))));
}
