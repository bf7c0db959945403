import { Malformed, utf8 } from '../bytes.ts';
import { compareCsv } from '../inputs/csv.ts';
import { openFile, type Opened } from '../inputs/open.ts';
import { sentence, type Language } from '../inputs/sentences.ts';
import type { ChartPanel } from './chart/panel.ts';
import { append, h } from './dom.ts';
import type { Result } from './results.ts';
import { emptyPage, pageSum, readBlock, writeBlock } from './source.ts';
import { LANGUAGES, Speech } from './speech.ts';
import { authorities, readPolicyBlock, remember, remembered, type Trust } from './trust.ts';
import { verdictSections } from './view.ts';
import { Checker } from './worker.ts';

/** The whole page: what it holds, what it was told to trust, and what it shows. Every change draws it anew. */
export class Page {
  private readonly checker: Checker;
  private readonly root = document.getElementById('page') as HTMLElement;
  private speech = new Speech(LANGUAGES.find((name) => navigator.language.startsWith(name)) ?? 'en');
  private bundle: Uint8Array | null = null;
  private offer: Uint8Array | null = null;
  private trust: Trust | null = null;
  private context: Record<string, unknown> = {};
  private result: Result | null = null;
  private charts: ChartPanel[] = [];
  private message = '';

  constructor(private readonly source: string, program: string) {
    this.checker = new Checker(program);
  }

  start(): void {
    const block = (name: 'bundle' | 'policy' | 'context'): string => readBlock(this.source, name) ?? '';
    if (block('bundle').trim() !== '') this.bundle = utf8(block('bundle'));
    try {
      this.context = block('context').trim() === '' ? {} : JSON.parse(block('context')) as Record<string, unknown>;
      const { offer, pinned } = readPolicyBlock(block('policy'), location.protocol === 'file:', this.bundle !== null);
      for (const policy of [offer, pinned?.policy]) if (policy) authorities(policy);
      [this.offer, this.trust] = [offer, pinned ?? remembered()];
    } catch (fault) {
      this.message = fault instanceof Error ? fault.message : String(fault);
    }
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void this.open(file);
    });
    void this.check();
  }

  private async open(file: File): Promise<void> {
    const opened = await openFile(file);
    this.message = '';
    if (opened.is === 'bundle') {
      [this.bundle, this.context] = [opened.bytes, {}];
      return this.check();
    }
    if (opened.is === 'policy') return this.choose(opened.bytes);
    this.message = this.about(opened);
    this.draw();
  }

  /** One sentence about a file that is no proof itself. */
  private about(opened: Opened): string {
    const { language } = this.speech;
    if (opened.is === 'refused') return sentence(opened.key, language, opened.values);
    if (opened.is === 'logger') {
      const { file, issuerKnown } = opened.report;
      const key = file === 'changed' ? 'loggerChanged' : file === 'unsigned' ? 'loggerUnsigned' : issuerKnown ? 'loggerUnchanged' : 'loggerUnknownIssuer';
      return `${sentence(key, language)} ${sentence('loggerNote', language)}`;
    }
    if (opened.is !== 'csv') return sentence('unknown', language);
    if (this.result?.is !== 'verdict') return sentence('csvNeedsBundle', language);
    const { equal, missing, extra, first } = compareCsv(opened.rows, this.result.verdict.channels);
    if (first === null) return sentence('csvEqual', language, [String(equal)]);
    const [line, channel, sequence] = [first.line, first.channel, first.sequence].map(String);
    return first.kind === 'missing' ? sentence('csvMissing', language, [String(missing), channel, sequence, first.proven])
      : first.kind === 'differs' ? sentence('csvDiffers', language, [line, channel, sequence, first.table, first.proven])
      : sentence('csvExtra', language, [String(extra), line, channel, sequence]);
  }

  private async choose(policy: Uint8Array): Promise<void> {
    try {
      authorities(policy);
    } catch (fault) {
      if (!(fault instanceof Malformed)) throw fault;
      this.message = fault.message;
      return this.draw();
    }
    this.trust = { policy, origin: 'chosen', since: Date.now() };
    remember(policy);
    return this.check();
  }

  private async check(): Promise<void> {
    this.result = null;
    if (this.bundle === null) return this.draw();
    const bar = h('progress', { max: 1, value: 0, 'aria-label': this.speech.say('checking') });
    this.root.replaceChildren(h('p', { role: 'status' }, this.speech.say('checking')), bar);
    const final = await this.checker.run({ bundle: this.bundle, policy: this.trust?.policy ?? null }, (done, all) => { bar.value = done / all; });
    if ('verdict' in final) {
      this.result = { is: 'verdict', ...final };
      this.root.dataset.ms = String(Math.round(final.ms));
    } else {
      this.message = this.speech.say('unknown.broken', 'malformed' in final ? final.malformed : final.broken);
    }
    this.draw();
    document.getElementById('verdict')?.focus();
  }

  private draw(): void {
    const { speech } = this;
    document.documentElement.lang = speech.language === 'zh' ? 'zh-Hans' : speech.language;
    const head = h('header', {}, h('p', {}, speech.say('title')), h('div', { class: 'noprint', role: 'group', 'aria-label': 'English, français, 中文' },
      ...LANGUAGES.map((name) => h('button', { type: 'button', lang: name === 'zh' ? 'zh-Hans' : name, 'aria-pressed': String(name === speech.language),
        click: () => this.speak(name) }, new Speech(name).say('name')))));
    const main = h('main', {});
    if (this.message !== '') main.append(h('p', { role: 'alert', id: 'message' }, this.message));
    for (const chart of this.charts.splice(0)) chart.end();
    if (this.result?.is === 'verdict') append(main, verdictSections(this.result.verdict, speech, this.scanned(), this.trust, this.trustPanel(), this.charts));
    else append(main, [h('h1', {}, speech.say('verifier')), h('p', {}, speech.say('local'))]);
    append(main, [this.drop(), this.honest()]);
    this.root.replaceChildren(head, main);
    for (const chart of this.charts) chart.begin();
  }

  private speak(language: Language): void {
    this.speech = new Speech(language);
    this.draw();
    this.root.querySelector<HTMLElement>(`header [aria-pressed=true]`)?.focus();
  }

  private scanned(): string | null {
    return /^#(?:.*&)?r=([0-9a-f]{16})(?:&|$)/.exec(location.hash)?.[1] ?? null;
  }

  private picker(label: string): HTMLElement {
    return h('label', { class: 'file' }, label, h('input', { type: 'file', change: (event) => {
      const file = (event.target as HTMLInputElement).files?.[0];
      if (file) void this.open(file);
    } }));
  }

  private drop(): HTMLElement {
    return h('section', { class: 'drop noprint' }, this.picker(this.speech.say('choose')), h('p', { class: 'quiet' }, this.speech.say('choose.hint')));
  }

  private trustPanel(): HTMLElement | null {
    if (this.trust !== null) return null;
    const { offer, speech } = this;
    const origin = typeof this.context.origin === 'string' ? this.context.origin : speech.say('trust.sender');
    return h('section', { id: 'trust', class: 'noprint' }, h('h2', {}, speech.say('trust')), h('p', {}, speech.say('trust.text')),
      ...(offer === null ? [] : [h('button', { type: 'button', id: 'use-offer', click: () => void this.choose(offer) },
        authorities(offer).map(({ name, fingerprint }) => speech.say('trust.use', origin, name, fingerprint)).join('; '))]),
      this.picker(speech.say('trust.file')));
  }

  private honest(): HTMLElement {
    const { speech } = this;
    const save = (name: string, page: string): void => {
      const address = URL.createObjectURL(new Blob([page], { type: 'text/html' }));
      h('a', { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    };
    const [bundle, trust] = [this.bundle, this.trust];
    const empty = (): string => emptyPage(this.source);
    return h('section', {}, h('h2', {}, speech.say('honest')), h('p', { id: 'sum', class: 'hash' }, speech.say('honest.sum', pageSum(this.source))),
      h('p', {}, speech.say('honest.offline')), h('pre', { class: 'scroll' }, 'gateway verify FILE --policy POLICY'),
      h('p', { class: 'noprint' },
        bundle !== null && h('button', { type: 'button', id: 'save-evidence', click: () => {
          const offered = trust?.policy ?? this.offer;
          const page = writeBlock(empty(), 'bundle', new TextDecoder().decode(bundle));
          save('evidence.html', offered === null ? page : writeBlock(page, 'policy', new TextDecoder().decode(offered)));
        } }, speech.say('save.evidence')),
        trust !== null && h('button', { type: 'button', id: 'save-keys', click: () => {
          const policy = JSON.parse(new TextDecoder().decode(trust.policy)) as unknown;
          save('verify.html', writeBlock(empty(), 'policy', JSON.stringify({ pinned: true, savedAt: new Date().toISOString(), policy })));
        } }, speech.say('save.keys'))));
  }
}
