import { Malformed, utf8 } from '../bytes.ts';
import { checkCertificate } from '../certificate.ts';
import { csvAnswer } from './csv.ts';
import { openFile, openText, type Opened } from '../inputs/open.ts';
import { joined, sentence, type Language } from '../inputs/sentences.ts';
import { certificateSections, chooseIssuers, type IssuerList, rememberedIssuers } from './certificate.ts';
import type { ChartPanel } from './chart/panel.ts';
import { append, h } from './dom.ts';
import { loggerFacts } from './logger.ts';
import { dropPanel, honestPanel, printFoot, trustPanel } from './panels.ts';
import type { Result } from './results.ts';
import { checkRelease, pageAnswer, releasesIn } from '../release.ts';
import { parsePolicy, type ShownStatement } from '../bundle.ts';
import type { ProvenRelease } from '../verdict.ts';
import { warning } from './release.ts';
import { pageSum, readBlock } from './source.ts';
import { LANGUAGES, Speech } from './speech.ts';
import { authorities, readPolicyBlock, remember, remembered, type Trust } from './trust.ts';
import { keys, verdictSections } from './view.ts';
import { Checker } from './worker.ts';

/** Most files that are opened at once. */
const FILES_MAX = 8;

/** The whole page: what it holds, what it was told to trust, and what it shows. Every change draws it anew. */
export class Page {
  private readonly checker: Checker;
  private readonly root = document.getElementById('page') as HTMLElement;
  private readonly toast = h('p', { role: 'status', class: 'toast noprint' });
  private speech = new Speech(LANGUAGES.find((name) => navigator.language.startsWith(name)) ?? 'en');
  private bundle: Uint8Array | null = null;
  /** The record that this page itself carries. */
  private inside: Uint8Array | null = null;
  private offer: Uint8Array | null = null;
  private trust: Trust | null = null;
  private issuers: IssuerList | null = rememberedIssuers();
  private context: Record<string, unknown> = {};
  private result: Result | null = null;
  /** What says which page is in the log: what came with this page, and what was chosen beside it. Not of the record, so it stays when the record goes. */
  private releases: ShownStatement[] = [];
  private proven: ProvenRelease[] = [];
  private charts: ChartPanel[] = [];
  /** Short hash of a code that was scanned, or of the address that was opened. */
  private scanned: string | null = null;
  /** Said anew in each language; `link` is what a code names, `facts` what stands in a file that is no proof. */
  private message: { say: (language: Language) => string; link?: string; facts?: () => HTMLElement } | null = null;
  /** Counts what was asked for, so that an answer that comes late is not shown over a newer one. */
  private turn = 0;

  constructor(private readonly source: string, program: string) {
    this.checker = new Checker(program);
  }

  start(): void {
    const block = (name: 'bundle' | 'policy' | 'context'): string => readBlock(this.source, name) ?? '';
    if (block('bundle').trim() !== '') this.inside = this.bundle = utf8(block('bundle'));
    this.scanned = /^#(?:.*&)?r=([0-9a-f]{16})(?:&|$)/.exec(location.hash)?.[1] ?? null;
    try {
      this.context = block('context').trim() === '' ? {} : JSON.parse(block('context')) as Record<string, unknown>;
      this.releases = releasesIn(this.context);
      const { offer, pinned } = readPolicyBlock(block('policy'), location.protocol === 'file:', this.bundle !== null);
      for (const policy of [offer, pinned?.policy]) if (policy) authorities(policy);
      [this.offer, this.trust] = [offer, pinned ?? remembered()];
    } catch (fault) {
      this.refuse(fault instanceof Error ? fault.message : String(fault));
    }
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      const files = [...event.dataTransfer?.files ?? []];
      if (files.length > 0) void this.openAll(files);
    });
    document.body.append(this.toast);
    void this.check();
  }

  /** `keep`: the file was asked for beside the record that is shown, which stays whatever the file is. */
  private async open(file: File, keep = false): Promise<void> {
    const turn = ++this.turn;
    const opened = await openFile(file);
    if (turn === this.turn) await this.take(opened, keep);
  }

  /** Several at once: the reader's keys first, then the record, then what is compared with it. */
  private async openAll(files: File[]): Promise<void> {
    const turn = ++this.turn;
    const all = await Promise.all(files.slice(0, FILES_MAX).map(openFile));
    if (turn !== this.turn) return;
    const rank = ({ is }: Opened): number => is === 'policy' || is === 'trust' || is === 'release' ? 0 : is === 'bundle' || is === 'certificate' || is === 'link' ? 1 : 2;
    for (const [i, opened] of all.sort((a, b) => rank(a) - rank(b)).entries()) await this.take(opened, i > 0);
  }

  private async take(opened: Opened, keep = false): Promise<void> {
    this.message = null;
    // The word of the record before must not stand below a file that was refused, as if it were that file's.
    if (!keep && (opened.is === 'refused' || opened.is === 'logger')) [this.bundle, this.result, this.context] = [null, null, {}];
    if (opened.is === 'bundle') {
      [this.bundle, this.context] = [opened.bytes, {}];
      if (opened.from === 'pdf') this.message = { say: (language) => sentence('pdfNote', language) };
      return this.check();
    }
    if (opened.is === 'policy') return this.choose(opened.bytes);
    if (opened.is === 'release') return this.takeRelease(opened.shown);
    if (opened.is === 'certificate') return this.read(opened.text);
    if (opened.is === 'trust') return this.chooseIssuers(opened.bytes);
    if (opened.is === 'link') {
      this.scanned = /^[0-9a-f]{16}$/.test(opened.root) ? opened.root : null;
      this.message = { say: () => this.speech.say(this.scanned === null ? 'code.link.plain' : 'code.link'), link: opened.url };
    } else {
      this.message = { say: (language) => this.about(opened, language), facts: opened.is === 'logger' ? () => loggerFacts(opened.report, this.speech) : undefined };
    }
    this.draw();
    this.focus('message');
  }

  /** About this page, not about a record: what is shown stays, and the answer stands where the page says how to check it. */
  private async takeRelease(shown: ShownStatement): Promise<void> {
    const turn = ++this.turn;
    this.releases = [...this.releases, shown];
    await this.prove();
    if (turn !== this.turn) return;
    this.draw();
    this.focus('honest');
  }

  private async prove(): Promise<void> {
    const policy = this.trust === null ? null : parsePolicy(this.trust.policy);
    this.proven = await Promise.all(this.releases.map((shown) => checkRelease(shown, policy)));
  }

  /** A certificate code stands in the place of a record: what was open before is shown again when its file is chosen again. */
  private async read(code: string): Promise<void> {
    const turn = ++this.turn;
    const answer = await checkCertificate(code, this.issuers?.issuers ?? [], Date.now());
    if (turn !== this.turn) return;
    [this.bundle, this.context, this.result] = [null, {}, { is: 'certificate', code, answer }];
    this.draw();
    this.focus('verdict');
  }

  private async chooseIssuers(bytes: Uint8Array): Promise<void> {
    try {
      this.issuers = chooseIssuers(bytes);
    } catch (fault) {
      if (!(fault instanceof Malformed)) throw fault;
      this.refuse(fault.message);
      this.draw();
      return this.focus('message');
    }
    if (this.result?.is === 'certificate') return this.read(this.result.code);
    const count = this.issuers.issuers.length;
    this.message = { say: () => this.speech.say('code.list.kept', count) };
    this.draw();
    this.focus('message');
  }

  /** One sentence about a file that is no proof itself. */
  private about(opened: Opened, language: Language): string {
    if (opened.is === 'refused') return sentence(opened.key, language, opened.values);
    if (opened.is === 'logger') {
      const { file, issuerKnown } = opened.report;
      const key = file === 'changed' ? 'loggerChanged' : file === 'unsigned' ? 'loggerUnsigned' : issuerKnown ? 'loggerUnchanged' : 'loggerUnknownIssuer';
      return joined(language, [sentence(key, language), sentence('loggerNote', language)]);
    }
    return opened.is === 'csv' ? csvAnswer(opened.rows, this.result?.is === 'verdict' ? this.result.verdict : null, language) : sentence('unknown', language);
  }

  private refuse(detail: string): void {
    this.message = { say: (language) => sentence('damaged', language, [detail]) };
  }

  private async choose(policy: Uint8Array): Promise<void> {
    this.message = null;
    try {
      authorities(policy);
    } catch (fault) {
      if (!(fault instanceof Malformed)) throw fault;
      this.refuse(fault.message);
      this.draw();
      return this.focus('message');
    }
    this.trust = { policy, origin: 'chosen', since: Date.now() };
    remember(policy);
    await this.check();
    if (this.bundle === null) this.focus('keys');
  }

  private async check(): Promise<void> {
    this.result = null;
    const turn = ++this.turn;
    await this.prove();
    if (turn !== this.turn) return;
    if (this.bundle === null) return this.draw();
    const bar = h('progress', { max: 1, value: 0, 'aria-label': this.speech.say('checking') });
    this.replace(h('main', { 'aria-busy': 'true' }, h('h1', { class: 'busy', role: 'status' }, this.speech.say('checking')), bar));
    const final = await this.checker.run({ bundle: this.bundle, policy: this.trust?.policy ?? null }, (done, all) => { bar.value = done / all; });
    if (turn !== this.turn) return;
    if ('verdict' in final) {
      this.result = { is: 'verdict', ...final };
      this.root.dataset.ms = String(Math.round(final.ms));
    } else {
      const why = 'malformed' in final ? final.malformed : final.broken;
      this.message = { say: () => this.speech.say('unknown.broken', why) };
    }
    this.draw();
    this.focus(this.result === null ? 'message' : 'verdict');
  }

  private draw(): void {
    const { speech, trust } = this;
    document.documentElement.lang = speech.tag;
    document.title = `${this.result?.is === 'verdict' ? speech.say(`word.${this.result.verdict.word}`)
      : this.result?.is === 'certificate' ? speech.say(`code.word.${this.result.answer.word}`) : speech.say('verifier')} – Coldproof`;
    const main = h('main', {});
    if (this.message !== null) main.append(h('div', { role: 'alert', id: 'message', tabindex: -1 }, h('p', {}, this.message.say(speech.language)),
      this.message.link !== undefined && h('p', {}, h('a', { href: this.message.link, rel: 'noreferrer' }, this.message.link)), this.message.facts?.()));
    const said = (words: string): void => this.say(words);
    const drop = (again: boolean): HTMLElement => dropPanel(speech, again, (files) => void this.openAll(files), (text) => void this.take(openText(text)));
    const charts: ChartPanel[] = [];
    const releases = [...this.result?.is === 'verdict' ? this.result.verdict.releases : [], ...this.proven];
    const answer = pageAnswer(releases, pageSum(this.source));
    if (this.result?.is === 'verdict') {
      append(main, verdictSections(this.result.verdict, [this.carried(), this.askTrust(), warning(answer, speech, said)], { speech, scanned: this.scanned, trust, charts, said }));
      main.append(drop(true));
    } else if (this.result?.is === 'certificate') {
      append(main, [...certificateSections(this.result.answer, this.issuers, speech, (file) => void this.open(file)), drop(true)]);
    } else {
      append(main, [h('h1', {}, speech.say('verifier')), h('p', {}, speech.say('local')), warning(answer, speech, said), drop(false), trust !== null && keys(null, speech, trust, said)]);
    }
    const root = this.result?.is === 'verdict' ? this.result.verdict.roots.slice(-1)[0] ?? null : null;
    append(main, [...this.shipment(), honestPanel(speech, this.source, { bundle: this.bundle, name: this.name(), trust, offer: this.offer, releases, answer }, said), printFoot(speech, this.source, root)]);
    this.replace(main, charts);
  }

  private replace(main: HTMLElement, charts: ChartPanel[] = []): void {
    for (const chart of this.charts.splice(0)) chart.end();
    const head = h('header', {}, h('p', {}, this.speech.say('title')), h('div', { class: 'noprint languages', role: 'group', 'aria-label': 'English, français, 中文' },
      ...LANGUAGES.map((name) => h('button', { type: 'button', lang: new Speech(name).tag, 'aria-pressed': String(name === this.speech.language),
        click: () => this.speak(name) }, new Speech(name).say('name')))));
    this.root.replaceChildren(head, main);
    this.charts = charts;
    for (const chart of charts) chart.begin();
  }

  /** What came with a link: which shipment, and where every use of the link is listed. The sender's word; no check rests on it. */
  private shipment(): HTMLElement[] {
    const { speech, context: { shipment, link } } = this;
    if (typeof shipment !== 'string') return [];
    return [h('section', { id: 'shipment' }, h('h2', {}, h('bdi', {}, speech.say('link.shipment', shipment))), h('p', {}, speech.say('shipment.says')),
      typeof link === 'string' && /^https?:\/\//.test(link) && h('p', { class: 'noprint' }, h('a', { href: link }, speech.say('disclosures'))))];
  }

  /** Said of a page with evidence inside: what it has just done, and with what. */
  private carried(): HTMLElement | null {
    return this.bundle === null || this.bundle !== this.inside ? null : h('p', { id: 'carried' }, this.speech.say('carried'));
  }

  private speak(language: Language): void {
    this.speech = new Speech(language);
    if (document.querySelector('[aria-busy]') === null) this.draw();
    this.root.querySelector<HTMLElement>(`header [aria-pressed=true]`)?.focus();
  }

  /** Gateway and window, so that ten saved pages in a folder can be told apart; as the ledger names its downloads. */
  private name(): string {
    if (this.result?.is !== 'verdict' || this.result.verdict.gateway === null) return 'coldproof';
    const { gateway, from, to } = this.result.verdict;
    const compact = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    return `${gateway.slice(0, 8)}-${compact(from)}-${compact(to)}`;
  }

  private focus(id: string): void {
    document.getElementById(id)?.focus();
  }

  private say(words: string): void {
    this.toast.textContent = words;
    setTimeout(() => { if (this.toast.textContent === words) this.toast.textContent = ''; }, 6_000);
  }

  private askTrust(): HTMLElement | null {
    if (this.trust !== null) return null;
    const origin = typeof this.context.origin === 'string' ? this.context.origin : this.speech.say('trust.sender');
    return trustPanel(this.speech, this.offer, origin, (policy) => void this.choose(policy), (file) => void this.open(file, true));
  }
}
