import { pageSentence, type PageAnswer } from '../release.ts';
import { reason } from '../reasons.ts';
import type { ProvenRelease } from '../verdict.ts';
import { copyable, h, mark, type Shape } from './dom.ts';
import type { Speech } from './speech.ts';

const SHAPES: Record<PageAnswer['standing'], Shape> = { Logged: 'tick', Different: 'cross', NotProven: 'triangle', Unknown: 'ring', Withdrawn: 'cross' };

/** What is known about this very page, in one sentence, and the hash that the log names where it is another. Apart from every verdict. */
export function standing(answer: PageAnswer, speech: Speech, said: (words: string) => void): HTMLElement {
  const [key, values] = pageSentence(answer, (ms) => speech.time(ms), (finding) => reason(speech.language, finding.key, finding.values));
  const { release } = answer;
  return h('div', { class: 'standing', 'data-standing': answer.standing, 'data-fault': release?.finding?.fault ?? 'None' }, mark(SHAPES[answer.standing]),
    h('div', {}, h('span', {}, reason(speech.language, key, values)),
      answer.standing === 'Different' && release?.release != null && h('span', {}, ' ', copyable(release.release.sum, speech, said)),
      answer.standing === 'Unknown' && h('span', {}, ' ', speech.say('honest.log.choose')),
      release?.finding != null && release.finding.detail !== '' && h('span', {}, ' ', h('small', { class: 'quiet', lang: 'en' }, release.finding.detail))));
}

/** Said beside the word where a page should not be relied on as it is; nothing otherwise. */
export function warning(answer: PageAnswer, speech: Speech, said: (words: string) => void): HTMLElement | null {
  return answer.standing !== 'Different' && answer.standing !== 'Withdrawn' && answer.release?.finding?.fault !== 'ReleaseSignature' ? null
    : h('section', { id: 'page-warning' }, h('h2', {}, speech.say('page.warning')), standing(answer, speech, said));
}

/** The releases and withdrawals that count, as a page's context carries them; null when there are none. */
export function contextOf(releases: readonly ProvenRelease[]): string | null {
  const kept = releases.filter(({ finding, withdrawal, signed }) => finding === null || (withdrawal !== null && signed)).map(({ shown: { bytes, receipt } }) =>
    ({ format: 'coldproof-release/1', statement: base64of(bytes), ...(receipt === null ? {} : { receipt: base64of(new TextEncoder().encode(receipt)) }) }));
  return kept.length === 0 ? null : JSON.stringify({ releases: kept });
}

function base64of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
