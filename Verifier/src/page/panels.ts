import { cameraPanel } from './camera.ts';
import { copyable, h, type Child } from './dom.ts';
import type { PageAnswer } from '../release.ts';
import { contextOf, standing } from './release.ts';
import { emptyPage, pageSum, writeBlock } from './source.ts';
import type { Speech } from './speech.ts';
import { authorities, type Trust } from './trust.ts';
import type { ProvenRelease } from '../verdict.ts';

type Said = (words: string) => void;

/** A button that is a file input: the input is there for the keyboard and for screen readers, the label for the eye. */
export function picker(id: string, label: string, chosen: (file: File) => void): HTMLElement {
  return filesPicker(id, label, false, ([file]) => chosen(file));
}

function filesPicker(id: string, label: string, multiple: boolean, chosen: (files: File[]) => void): HTMLElement {
  return h('label', { class: 'file' }, label, h('input', { type: 'file', id, multiple, change: (event) => {
    const input = event.target as HTMLInputElement;
    const files = [...input.files ?? []];
    input.value = ''; // So that the same file can be chosen again, after it was fetched anew.
    if (files.length > 0) chosen(files);
  } }));
}

/** The place where files are dropped or chosen and codes are scanned. */
export function dropPanel(speech: Speech, again: boolean, chosen: (files: File[]) => void, scanned: (text: string) => void): HTMLElement {
  return h('section', { class: 'drop noprint' }, again && h('h2', {}, speech.say('choose.another')), filesPicker('choose', speech.say('choose'), true, chosen),
    h('p', { class: 'quiet' }, speech.say('choose.hint')), cameraPanel(speech, scanned));
}

/** The question of trust, as long as it is open. Whoever sends evidence may offer keys; only the reader can choose them. */
export function trustPanel(speech: Speech, offer: Uint8Array | null, origin: string, choose: (policy: Uint8Array) => void, chosen: (file: File) => void): HTMLElement {
  return h('section', { id: 'trust', class: 'noprint' }, h('h2', {}, speech.say('trust')), h('p', {}, speech.say('trust.text')),
    offer !== null && h('button', { type: 'button', id: 'use-offer', click: () => choose(offer) },
      authorities(offer).map(({ name, fingerprint }) => speech.say('trust.use', origin, name, fingerprint)).join('; ')),
    picker('choose-policy', speech.say('trust.file'), chosen));
}

/** What there is to save, under which name, and what is known about this page's own hash. */
export interface Keeping { bundle: Uint8Array | null; name: string; trust: Trust | null; offer: Uint8Array | null; releases: ProvenRelease[]; answer: PageAnswer }

/** How to find out whether this very page is honest, and how to keep it. */
export function honestPanel(speech: Speech, source: string, { bundle, name, trust, offer, releases, answer }: Keeping, said: Said): HTMLElement {
  const save = (file: string, page: string): void => {
    const address = URL.createObjectURL(new Blob([page], { type: 'text/html' }));
    h('a', { href: address, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  const blank = (): string => writeBlock(emptyPage(source), 'context', contextOf(releases) ?? '');
  const evidence = bundle === null ? null : (): void => {
    const offered = trust?.policy ?? offer;
    const page = writeBlock(blank(), 'bundle', new TextDecoder().decode(bundle));
    save(`${name}.evidence.html`, offered === null ? page : writeBlock(page, 'policy', new TextDecoder().decode(offered)));
  };
  const keys = trust === null ? null : (): void => {
    const policy = JSON.parse(new TextDecoder().decode(trust.policy)) as unknown;
    save('verify.html', writeBlock(blank(), 'policy', JSON.stringify({ pinned: true, savedAt: new Date().toISOString(), policy })));
  };
  const ways: [string, Child][] = [
    ['honest.offline', null], ['honest.sum', copyable(answer.sum, speech, said)], ['honest.log', standing(answer, speech, said)],
    ['honest.copy', h('code', {}, 'sha256sum verify.html')],
    ['honest.program', h('code', {}, 'gateway verify FILE --policy POLICY')], ['honest.csp', null],
  ];
  return h('section', { id: 'honest', tabindex: -1 }, h('h2', {}, speech.say('honest')), h('p', {}, speech.say('honest.why')),
    h('ol', {}, ...ways.map(([key, value]) => h('li', { id: key.replace('.', '-') }, speech.say(key), value === null ? null : ' ', value))),
    h('p', { class: 'noprint' },
      evidence !== null && h('button', { type: 'button', id: 'save-evidence', click: evidence }, speech.say('save.evidence')),
      keys !== null && h('button', { type: 'button', id: 'save-keys', click: keys }, speech.say('save.keys')),
      h('button', { type: 'button', id: 'print', click: () => print() }, speech.say('print'))));
}

/** The last part of a path as people wrote it; as it stands where somebody typed a "%" that encodes nothing. */
function fileName(path: string): string {
  const name = path.split('/').pop() ?? '';
  try {
    return decodeURIComponent(name);
  } catch (fault) {
    if (!(fault instanceof URIError)) throw fault;
    return name;
  }
}

/** What stands below the page on paper: where it came from, and its own hash in full. */
export function printFoot(speech: Speech, source: string, root: string | null): HTMLElement {
  return h('footer', { class: 'foot' }, h('p', {}, speech.say('foot', location.protocol === 'file:' ? fileName(location.pathname) : location.href,
    new Date().toISOString().slice(0, 19).replace('T', ' '))), h('p', { class: 'hash' }, `SHA-256 ${pageSum(source)}`),
    root !== null && h('p', { class: 'hash' }, speech.say('foot.root', root)));
}
