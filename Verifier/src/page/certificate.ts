import { utf8 } from '../bytes.ts';
import { type CertificateVerdict, type CertificateWord, type ChannelClaim, parseTrust, type TrustedIssuer } from '../certificate.ts';
import { h, mark, type Child, type Shape } from './dom.ts';
import { instant } from './instant.ts';
import { picker } from './panels.ts';
import type { Speech } from './speech.ts';
import { CERTIFICATE_WHY } from './texts/certificate.ts';
import { large } from './view.ts';

/** A trust list that the reader chose, and when (milliseconds). */
export interface IssuerList { issuers: TrustedIssuer[]; since: number }

const KEY = 'coldproof.issuers';

const LOOKS: Record<CertificateWord, [string, Shape]> = {
  Valid: ['ok', 'tick'], IssuerUnknown: ['pending', 'triangle'], Changed: ['failed', 'cross'], Expired: ['pending', 'triangle'], CannotCheck: ['unknown', 'ring'],
};

/** Takes a list of the reader's and remembers it for this origin, as with the policy. Throws Malformed for anything that is none. */
export function chooseIssuers(bytes: Uint8Array): IssuerList {
  const list = { issuers: parseTrust(bytes), since: Date.now() };
  try {
    if (location.protocol !== 'file:') localStorage.setItem(KEY, JSON.stringify({ list: new TextDecoder().decode(bytes), since: list.since }));
  } catch {
    return list; // A browser without storage: the choice holds for this page only.
  }
  return list;
}

/** What was chosen before on this origin. Pages from disk share one store with every other file, so nothing is remembered there. */
export function rememberedIssuers(): IssuerList | null {
  if (location.protocol === 'file:') return null;
  try {
    const { list, since } = JSON.parse(localStorage.getItem(KEY) ?? 'null') as { list: string; since: number };
    return { issuers: parseTrust(utf8(list)), since };
  } catch {
    return null; // Nothing there, no storage, or not what this page wrote: the reader is asked again.
  }
}

/** The answer about a scanned code, drawn. Claims of a code that was changed are not shown at all. */
export function certificateSections(answer: CertificateVerdict, list: IssuerList | null, speech: Speech, chosen: (file: File) => void): HTMLElement[] {
  const claims = answer.certificate === null || answer.word === 'Changed' ? [] : [temperature(answer.certificate.channels, speech)];
  return [word(answer, speech, list !== null), ...(list === null ? [ask(speech, chosen)] : []), ...claims, ...(list === null ? [] : [issuers(list, speech, chosen)])];
}

function word(answer: CertificateVerdict, speech: Speech, hasList: boolean): HTMLElement {
  // Before a list was chosen nothing can be missing from it.
  const listed = hasList || answer.word !== 'IssuerUnknown';
  const [style, shape] = LOOKS[answer.word];
  // What somebody changed is not repeated under a good heading: only who it claims to be from.
  const [certificate, issuer] = [answer.word === 'Changed' ? null : answer.certificate, answer.issuer];
  return h('section', { class: `verdict ${style}`, role: 'status', id: 'verdict', tabindex: -1, 'data-word': answer.word, 'data-fault': answer.fault },
    h('div', { class: 'word' }, mark(shape), large(speech.say(`code.word.${answer.word}`))), h('div', { class: 'body' },
      h('p', {}, speech.say(listed ? answer.fault === 'NotYetValid' ? 'code.means.NotYetValid' : `code.means.${answer.word}` : 'code.means.NoList')),
      answer.fault !== 'None' && listed && h('p', { id: 'reason' }, h('strong', {}, speech.colon(speech.say('reason'))), ...why(answer, speech)),
      ...(certificate === null ? [] : [
        h('p', {}, issuer !== null
          ? speech.say('code.issued', issuer.name, issuer.jurisdiction, speech.time(certificate.issued), speech.time(certificate.expires))
          : speech.say('code.claimed', (answer.claimedIssuer ?? '').replace(/^issuer:/, ''), speech.time(certificate.issued))),
        certificate.shipment !== null && h('p', { id: 'shipment' }, h('bdi', {}, speech.say('code.shipment', certificate.shipment))),
        h('p', {}, speech.say('gateway', certificate.gateway)),
        h('p', {}, instant(certificate.from, speech), ' ', instant(certificate.to, speech, '→ ')),
        h('p', {}, speech.say(`code.found.${certificate.word}`, certificate.last)),
        h('p', { class: 'quiet' }, speech.say('code.find', certificate.root, certificate.log.origin, speech.count(certificate.log.size), certificate.witnesses)),
        (certificate.traits & 2) !== 0 && h('p', {}, speech.say('note.emulated')),
      ])));
}

/** Why, in the reader's language; the exact rule, as every reader of codes says it, in small type and in English. */
function why({ fault, sentence, certificate, claimedIssuer, issuer }: CertificateVerdict, speech: Speech): Child[] {
  if (speech.language === 'en' || fault === 'None') return [h('span', {}, sentence)];
  const times = [certificate?.issued, certificate?.expires, issuer?.from, issuer?.to].map((ms) => ms === undefined ? '' : speech.time(ms));
  return [h('span', {}, speech.fill(CERTIFICATE_WHY[fault][speech.language], (claimedIssuer ?? '').replace(/^issuer:/, ''), ...times)), ' ', h('small', { class: 'quiet', lang: 'en' }, sentence)];
}

function temperature(claims: ChannelClaim[], speech: Speech): HTMLElement {
  const shapes: Record<ChannelClaim['answer'], Shape> = { InRange: 'tick', OutOfRange: 'triangle', NoData: 'ring' };
  return h('section', { id: 'claims' }, h('h2', {}, speech.say('code.temperature')), ...claims.map((claim) => h('div', { 'data-answer': claim.answer },
    h('h3', {}, mark(shapes[claim.answer]), ' ', speech.say(`answer.${claim.answer}`), ' – ', h('bdi', {}, claim.place)),
    h('dl', {}, ...facts(claim, speech).flatMap(([name, value]) => [h('dt', {}, speech.say(name)), h('dd', {}, value)])))));
}

function facts(claim: ChannelClaim, speech: Speech): [string, string][] {
  return [
    ['code.limits', `${speech.celsius(claim.low)} – ${speech.celsius(claim.high)}`],
    ['code.extremes', claim.min === null || claim.max === null ? '–' : `${speech.celsius(claim.min)} – ${speech.celsius(claim.max)}`],
    ['code.readings', speech.count(claim.readings)],
    ['code.outside', speech.say('code.minutes', speech.count(claim.outMinutes))],
    ['code.gaps', claim.gaps === 0 ? '–' : speech.say('code.spans', speech.count(claim.gaps), speech.count(claim.gapMinutes))],
  ];
}

function ask(speech: Speech, chosen: (file: File) => void): HTMLElement {
  return h('section', { id: 'issuers', class: 'noprint' }, h('p', {}, speech.say('code.choose')), picker('choose-issuers', speech.say('code.choose.file'), chosen));
}

function issuers(list: IssuerList, speech: Speech, chosen: (file: File) => void): HTMLElement {
  return h('section', { id: 'issuers' }, h('h2', {}, speech.say('keys')), h('p', {}, speech.say('code.chosen', list.issuers.length, speech.time(list.since))),
    ...list.issuers.map(({ name, jurisdiction, key, from, to }) =>
      h('p', { class: 'hash' }, speech.say('code.issuer', name, jurisdiction, speech.time(from), speech.time(to), key.idHex))),
    h('div', { class: 'noprint' }, picker('choose-issuers', speech.say('code.choose.file'), chosen)));
}
