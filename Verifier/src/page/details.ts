import type { Bracket, Verdict } from '../verdict.ts';
import { copy, copyable, h, type Child } from './dom.ts';
import { bracketPicture } from './bracket.ts';
import type { Speech } from './speech.ts';

const ROWS_MAX = 100;
const FIRST_ROWS = 10;

/** The bracket as a sentence and as a picture; nothing while no time is proven. */
export function sealed(verdict: Verdict, speech: Speech): HTMLElement[] {
  const [first, last] = [verdict.brackets[0], verdict.brackets[verdict.brackets.length - 1]];
  if (!first || first.notBefore === null || !last || last.notAfter === null) return [];
  const widest = widestOf(verdict.brackets);
  return [h('h3', {}, speech.say('sealed.title')),
    h('p', { id: 'bracket' }, speech.say('sealed', speech.time(first.notBefore), speech.time(last.notAfter), speech.duration(width(widest)))),
    bracketPicture(verdict, widest, speech),
    h('p', { class: 'quiet' }, speech.say('sealed.widest', range(widest), speech.time(widest.notBefore as number), speech.time(widest.notAfter as number)))];
}

/** One short line about each check that holds: how many batches, which key, which authority, which checkpoint. */
export function checkDetail(verdict: Verdict, name: string, speech: Speech): string {
  const { details, brackets } = verdict;
  switch (name) {
    case 'form': return speech.say(`level.name.${verdict.level}`);
    case 'gateway': return verdict.keyIds.map((id) => speech.say('detail.key', ends(id))).join(', ');
    case 'readings': return speech.say('detail.batches', speech.count(details.batches.length));
    case 'chain': return speech.say('batches', String(verdict.firstNumber), String(verdict.lastNumber));
    case 'complete': return verdict.channels.map(({ readings }) => speech.say('detail.readings', speech.count(readings.length))).join('; ');
    case 'authority': return verdict.authority === null ? '' : speech.say('keys.authority', verdict.authority);
    case 'logged': return details.log === null ? '' : speech.say('logsize', speech.count(Number(details.log.size)), verdict.witnesses);
    case 'time': return brackets.length === 0 ? '' : speech.say('detail.widest', speech.duration(width(widestOf(brackets))));
    default: return '';
  }
}

/** Everything in full, for whoever wants to compare it with another program. Filled when it is opened: a long record has many rows. */
export function details(verdict: Verdict, speech: Speech, said: (words: string) => void): HTMLElement {
  const parts: [string, () => Child[]][] = [
    ['details.batches', () => batches(verdict, speech, said)], ['details.log', () => log(verdict, speech, said)],
    ['details.manifests', () => manifests(verdict, speech, said)],
  ];
  return h('section', { id: 'details' }, h('h2', {}, speech.say('details')), h('p', {}, speech.say('details.text')), ...parts.map(([key, fill]) => {
    const body = h('div', { class: 'unfolded' });
    return h('details', { 'data-part': key, toggle: () => { if (body.childElementCount === 0) body.append(...fill().filter((child): child is Node => child instanceof Node)); } },
      h('summary', {}, speech.say(key)), body);
  }));
}

function batches(verdict: Verdict, speech: Speech, said: (words: string) => void): Child[] {
  const all = verdict.details.batches;
  if (all.length === 0) return [h('p', {}, speech.say('detail.none'))];
  const columns = ['detail.batch', 'detail.closed', 'detail.root', 'detail.header', 'detail.leaves', 'detail.index'].map((key) => speech.say(key));
  const rows = all.slice(0, ROWS_MAX).map((batch) => [String(batch.number), speech.time(batch.closed), copyable(batch.root, speech, said), copyable(batch.header, speech, said),
    String(batch.leaves), batch.index ?? '–']);
  const text = (): string => [['batch', 'opened_utc', 'closed_utc', 'leaves', 'root', 'header_sha256', 'log_index'],
    ...all.map((b) => [b.number, new Date(b.opened).toISOString(), new Date(b.closed).toISOString(), b.leaves, b.root, b.header, b.index ?? ''])].map((line) => line.join('\t')).join('\n');
  return [stack(columns, rows, speech.say('details.batches')), all.length > ROWS_MAX && h('p', {}, speech.say('detail.more', speech.count(all.length - ROWS_MAX))),
    copyAll(text, speech.say('detail.copy.all', speech.count(all.length)), speech, said)];
}

function log(verdict: Verdict, speech: Speech, said: (words: string) => void): Child[] {
  const known = verdict.details.log;
  if (known === null) return [h('p', {}, speech.say('detail.log.none'))];
  return [list([
    [speech.say('detail.log.origin'), known.origin], [speech.say('detail.index'), known.index], [speech.say('detail.log.size'), known.size],
    [speech.say('detail.root'), copyable(known.root, speech, said)],
    ...known.cosigners.map(({ name, time, own }): [string, Child] => [speech.say(own ? 'detail.log.clock' : 'detail.log.witness'), `${name}, ${speech.time(time)}`]),
  ]), h('p', {}, speech.say('detail.checkpoint')), h('pre', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': speech.say('detail.checkpoint') }, known.checkpoint),
  copyAll(() => known.checkpoint, speech.say('copy'), speech, said)];
}

function manifests(verdict: Verdict, speech: Speech, said: (words: string) => void): Child[] {
  if (verdict.details.manifests.length === 0) return [h('p', {}, speech.say('detail.none'))];
  return verdict.details.manifests.flatMap((manifest) => [h('h3', {}, speech.say('detail.manifest', String(manifest.first))), list([
    [speech.say('detail.manifest.hash'), copyable(manifest.digest, speech, said)], [speech.say('detail.issued'), speech.time(manifest.issued)],
    [speech.say('detail.signer'), manifest.issuer], [speech.say('detail.signer.key'), copyable(manifest.signerKey, speech, said)],
    [speech.say('detail.gateway.key'), copyable(manifest.gatewayKey, speech, said)],
    [speech.say('detail.rules'), copyable(manifest.rules, speech, said)], [speech.say('detail.previous'), copyable(manifest.previous, speech, said)],
    ...manifest.channels.map((channel): [string, Child] => [speech.say('detail.channel', channel.channel),
      h('span', {}, h('bdi', {}, `${channel.place}, ${channel.serial}`),
      `; ${speech.celsius(channel.low)} … ${speech.celsius(channel.high)}; ${speech.duration(channel.interval)}; `, speech.say('detail.certificate'), ' ',
      copyable(channel.certificate, speech, said), channel.expiry === null ? '' : `, ${speech.say('detail.expiry', speech.time(channel.expiry))}`)]),
  ])]);
}

function list(rows: [string, Child][]): HTMLElement {
  return h('dl', {}, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

/**
 * A table that becomes a row of cards on a phone; its roles are written out, because browsers forget them then. With a text for the button
 * `all`, only the first rows are shown until it is pressed, and all of them on paper.
 */
export function stack(columns: string[], rows: Child[][], caption: string, all = ''): HTMLElement {
  const table = h('table', { class: 'stack', role: 'table' }, h('caption', { class: 'quiet' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...columns.map((name) => h('th', { scope: 'col', role: 'columnheader' }, name)))),
    h('tbody', { role: 'rowgroup' }, ...rows.map((cells) => h('tr', { role: 'row' },
      ...cells.map((content, i) => h('td', { role: 'cell', 'data-label': columns[i] }, h('span', {}, content)))))));
  if (all === '' || rows.length <= FIRST_ROWS) return table;
  table.classList.add('short');
  const more = h('button', { type: 'button', class: 'noprint', click: () => {
    table.classList.remove('short');
    more.remove();
    const next = table.tBodies[0].rows[FIRST_ROWS];
    next.tabIndex = -1;
    next.focus();
  } }, all);
  return h('div', {}, table, more);
}

function copyAll(text: () => string, label: string, speech: Speech, said: (words: string) => void): HTMLElement {
  return h('button', { type: 'button', click: () => void copy(text()).then((done) => said(speech.say(done ? 'copied' : 'copy.refused'))) }, label);
}

function ends(value: string): string {
  return `${value.slice(0, 8)}…${value.slice(-8)}`;
}

const width = ({ notBefore, notAfter }: Bracket): number => (notAfter ?? 0) - (notBefore ?? 0);
const range = ({ first, last }: Bracket): string => first === last ? String(first) : `${first}–${last}`;

function widestOf(brackets: Bracket[]): Bracket {
  return brackets.reduce((widest, next) => width(next) > width(widest) ? next : widest);
}
