import { checkOpenings, checkChain, checkTree, checkWindow, ProvenBatch } from './batches.ts';
import { parseBundle, parsePolicy, UnknownFormat, type Bundle, type Policy, type ShownBatch } from './bundle.ts';
import { CryptoDisagreement, hex, Malformed, short, utc } from './bytes.ts';
import { ChannelRules } from './channel.ts';
import { decodeColumn, decodeLeaf, type Column } from './leaf.ts';
import { LogRules } from './logrules.ts';
import { checkRelease } from './release.ts';
import { decodeHeader, decodeManifest, decodeStatement, type Manifest, type ManifestChannel, type Statement } from './statement.ts';
import { leafHash } from './tree.ts';
import { because, CHECKS, found, sentenceOf, wordFor, type Bracket, type ChannelVerdict, type Check, type CheckName, type Details, type Finding, type Note,
  type ProvenRelease, type Verdict } from './verdict.ts';

/** Batches done of all batches; called often. */
export type Progress = (done: number, all: number) => void;

const NOT_CHECKED = 'Not checked, because an earlier check failed.';
const TWICE_MAX = 32;
/** A column packs 65,536 equal readings into some 70 bytes, so a file's length bounds neither the time nor the memory that they take. */
const READINGS_MAX = 5_000_000;

/**
 * Verifies a bundle under the reader's own policy; null while the reader trusts nobody yet: the signer is then unknown.
 * Pure: no clock, no network. Never throws for anything that stands in the bundle; throws {@link Malformed} when the policy cannot be read.
 */
export async function verify(bundle: Uint8Array, policy: Uint8Array | null, progress: Progress = () => undefined): Promise<Verdict> {
  const trusted = policy === null ? null : parsePolicy(policy);
  let parsed: Bundle;
  try {
    parsed = parseBundle(bundle);
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken;
    return new Verification(null, trusted, progress).refuse(broken instanceof UnknownFormat ? found('FormUnreadable', 'version', broken.format, 'coldproof/1')
      : because(found('FormUnreadable', ''), broken.message));
  }
  return new Verification(parsed, trusted, progress).run(parsed);
}

interface Enrolled { statement: Statement; manifest: Manifest; probes: Map<number, ManifestChannel> }

/** One run of the checks: what is known so far, and the lines written about it. */
class Verification {
  private readonly checks: Check[] = [];
  private readonly manifests = new Map<string, Enrolled>();
  private batches: ProvenBatch[] = [];
  private channels: ChannelVerdict[] = [];
  private brackets: Bracket[] = [];
  private log: LogRules | null = null;
  private authority: string | null = null;
  private readings = 0;
  private first: Finding | null = null;
  private readonly releases: ProvenRelease[] = [];

  constructor(private readonly bundle: Bundle | null, private readonly policy: Policy | null, private readonly progress: Progress) {}

  async refuse(finding: Finding): Promise<Verdict> {
    await this.step('form', '', () => finding);
    return this.finish();
  }

  async run(bundle: Bundle): Promise<Verdict> {
    await this.step('form', 'The bundle has the form of a proof.', () => this.decode(bundle));
    await this.step('gateway', 'The gateway signed every batch.', () => this.signatures(bundle));
    await this.step('readings', 'What is shown hashes to the batch roots that the gateway signed.', () => this.trees(bundle));
    await this.step('chain', 'No batch is left out: numbers and previous hashes follow each other.', () => checkChain(this.batches));
    await this.step('complete', 'No reading of the window is left out; every hole is declared.', () => this.complete(bundle));
    await this.step('authority', 'The gateway is enrolled by an authority that you trust.', () => this.enrolled());
    await this.step('logged', 'The last batch is in the log, and with it all before.', () => {
      if (this.policy === null) throw new Error('Without a policy no signer is known, and this check is not reached.');
      this.log = new LogRules(bundle, this.batches, this.policy);
      return this.log.check();
    });
    await this.step('time', "When the batches were sealed is bounded by others' clocks.", () => {
      const answer = this.log?.brackets();
      this.brackets = answer?.brackets ?? [];
      return answer?.finding ?? null;
    });
    // What is said of the page in hand: apart from the checks, and after them.
    for (const shown of bundle.releases) this.releases.push(await checkRelease(shown, this.policy));
    return this.finish();
  }

  private async step(name: CheckName, good: string, check: () => Finding | null | Promise<Finding | null>): Promise<void> {
    if (this.first !== null) {
      this.checks.push({ name, state: 'NotChecked', fault: 'None', sentence: NOT_CHECKED, finding: null });
      return;
    }
    try {
      this.first = await check();
    } catch (broken) {
      if (!(broken instanceof CryptoDisagreement)) throw broken;
      this.first = found('CryptoDisagrees', '', broken.message);
    }
    this.checks.push(this.first === null ? { name, state: 'Ok', fault: 'None', sentence: good, finding: null }
      : { name, state: 'Failed', fault: this.first.fault, sentence: sentenceOf(this.first), finding: this.first });
  }

  private decode(bundle: Bundle): Finding | null {
    if (bundle.batches.length === 0) return found('FormBatch', 'none');
    for (const shown of bundle.manifests) {
      try {
        const statement = decodeStatement(shown.bytes);
        const [manifest, probes] = [decodeManifest(statement.payload), new Map<number, ManifestChannel>()];
        this.manifests.set(hex(statement.payloadDigest), { statement, manifest, probes });
        const opened = checkOpenings(statement.payloadDigest, manifest, shown, bundle.channels, probes);
        if (opened !== null) return opened;
      } catch (broken) {
        if (!(broken instanceof Malformed)) throw broken;
        return because(found('ManifestUnreadable', ''), broken.message);
      }
    }
    const proven: ProvenBatch[] = [];
    for (const [i, shown] of bundle.batches.entries()) {
      const batch = this.decodeBatch(shown, i);
      if (!(batch instanceof ProvenBatch)) return batch;
      proven.push(batch);
    }
    this.batches = proven;
    return null;
  }

  private decodeBatch(shown: ShownBatch, position: number): ProvenBatch | Finding {
    let fault = found('HeaderUnreadable', '', position);
    try {
      const statement = decodeStatement(shown.header);
      const header = decodeHeader(statement.payload);
      const enrolled = this.manifests.get(hex(header.manifest));
      if (enrolled === undefined) {
        return found('ManifestMissing', '', header.number, short(header.manifest));
      }
      fault = found('LeafUnreadable', '', header.number);
      const leaves = shown.leaves.map(({ place, bytes }) => ({ place, leaf: decodeLeaf(bytes), hash: leafHash(bytes) }));
      fault = found('ColumnUnreadable', '', header.number);
      const columns: Column[] = [];
      for (const bytes of shown.columns) {
        const column = decodeColumn(bytes);
        columns.push(column);
        this.readings += column.samples.length;
        if (this.readings > READINGS_MAX) return found('FormBatch', 'many', READINGS_MAX, header.number);
      }
      return new ProvenBatch(statement, header, enrolled.manifest, enrolled.probes, shown, leaves, columns);
    } catch (broken) {
      if (!(broken instanceof Malformed)) throw broken;
      return because(fault, broken.message);
    }
  }

  private async signatures(bundle: Bundle): Promise<Finding | null> {
    for (const { statement, manifest } of this.manifests.values()) {
      if (statement.kind !== 'manifest' || manifest.gateway !== bundle.gateway) {
        return found('ManifestGateway', '', short(statement.payloadDigest), bundle.gateway);
      }
    }
    // Both implementations check every signature of a short bundle, and an even spread of a long one's, first and last included.
    const spread = Math.max(1, Math.ceil(this.batches.length / TWICE_MAX));
    for (const [i, { statement, header, manifest }] of this.batches.entries()) {
      if (statement.kind !== 'batch' || header.gateway !== bundle.gateway || statement.issuer !== `urn:uuid:${bundle.gateway}`) {
        return found('HeaderGateway', '', header.number, bundle.gateway);
      }
      if (!await manifest.key.signed(statement, i % spread === 0 || i === this.batches.length - 1)) {
        return found('HeaderSignature', '', header.number, manifest.key.idHex.slice(0, 8));
      }
      this.progress(i + 1, 2 * this.batches.length);
    }
    return null;
  }

  private trees(bundle: Bundle): Finding | null {
    for (const [i, batch] of this.batches.entries()) {
      const finding = checkTree(batch, bundle.channels);
      if (finding !== null) return finding;
      this.progress(this.batches.length + i + 1, 2 * this.batches.length);
    }
    return null;
  }

  private complete(bundle: Bundle): Finding | null {
    const window = checkWindow(bundle, this.batches);
    if (window !== null) return window;
    const answers: ChannelVerdict[] = [];
    for (const channel of bundle.channels) {
      const rules = new ChannelRules(channel, bundle, this.batches);
      const finding = rules.check();
      if (finding !== null) return finding;
      answers.push(rules.answers());
    }
    this.channels = answers;
    return null;
  }

  private async enrolled(): Promise<Finding | null> {
    for (const { statement } of this.manifests.values()) {
      const keyId = hex(statement.keyId);
      const trusted = this.policy?.authorities.find((authority) => authority.key.idHex === keyId);
      if (trusted === undefined) {
        return found('AuthorityUnknown', this.policy === null ? 'nobody' : '', statement.issuer, keyId.slice(0, 8));
      }
      if (!await trusted.key.signed(statement, true)) {
        return found('ManifestSignature', '', short(statement.payloadDigest), trusted.name);
      }
      this.authority = trusted.name;
    }
    return null;
  }

  private finish(): Verdict {
    for (const name of CHECKS.slice(this.checks.length)) {
      this.checks.push({ name, state: 'NotChecked', fault: 'None', sentence: NOT_CHECKED, finding: null });
    }
    const traits = [...this.manifests.values()].reduce((all, { manifest }) => all | manifest.traits, 0);
    const receipt = this.log?.last ?? null;
    const fault = this.first?.fault ?? 'None';
    return {
      word: wordFor(fault), fault, reason: this.first === null ? '' : sentenceOf(this.first), checks: this.checks, channels: this.channels, brackets: this.brackets,
      gateway: this.bundle?.gateway ?? null, from: this.bundle?.from ?? 0, to: this.bundle?.to ?? 0, level: this.bundle?.level ?? 'headers',
      traits, keyIds: [...new Set(this.batches.map((batch) => batch.manifest.key.idHex))], authority: this.authority,
      firstNumber: this.batches[0]?.header.number ?? 0, lastNumber: this.batches[this.batches.length - 1]?.header.number ?? 0,
      logSize: receipt === null ? null : String(receipt.size), witnesses: receipt?.witnesses ?? 0, notes: this.notes(traits),
      roots: this.batches.map((batch) => hex(batch.header.root)), details: this.details(), releases: this.releases,
    };
  }

  private details(): Details {
    return {
      batches: this.batches.map(({ header, statement }, i) => ({ number: header.number, opened: header.opened, closed: header.closed, leaves: header.leaves,
        root: hex(header.root), header: hex(statement.payloadDigest), index: this.log?.index(i) ?? null })),
      manifests: [...this.manifests.entries()].map(([digest, { statement, manifest, probes }]) => ({ digest, first: manifest.first, issued: manifest.issued,
        issuer: statement.issuer, signerKey: hex(statement.keyId), gatewayKey: manifest.key.idHex, rules: hex(manifest.rules), previous: hex(manifest.previous),
        channels: [...probes].map(([channel, probe]) => ({ ...probe, channel, certificate: hex(probe.certificate) })) })),
      log: this.log?.line ?? null,
    };
  }

  private notes(traits: number): Note[] {
    const notes: Note[] = [];
    const receipt = this.log?.last ?? null;
    if ((traits & 2) !== 0) notes.push({ key: 'note.emulated', values: [] });
    if ((traits & 1) !== 0) notes.push({ key: 'note.softwareKey', values: [] });
    if (receipt !== null && receipt.witnesses === 0) notes.push({ key: 'note.noWitness', values: [] });
    const shown = this.log?.shownHeads ?? { count: 0, unlinked: 0 };
    if (shown.unlinked > 0 && this.first?.fault !== 'LogForked') notes.push({ key: 'note.unlinked', values: [String(shown.count), String(shown.unlinked)] });
    notes.push(...this.log?.revocations ?? []);
    for (const { probe } of this.channels) {
      if (probe.expiry === null) notes.push({ key: 'note.noCertificate', values: [probe.serial] });
      else if (this.bundle !== null && probe.expiry < this.bundle.to) {
        notes.push({ key: 'note.certificateExpired', values: [probe.serial, utc(probe.expiry)] });
      }
    }
    return notes;
  }
}
