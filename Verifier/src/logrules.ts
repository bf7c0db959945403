import type { ProvenBatch } from './batches.ts';
import { digest, hex, Malformed, utc, utf8 } from './bytes.ts';
import type { Bundle, Policy } from './bundle.ts';
import { askBrowser, inclusionFault, parseCheckpoint, parseNote, parseProof, type Checkpoint, type Note, type TlogProof } from './log.ts';
import { LogHeads } from './logheads.ts';
import { checkRelease } from './release.ts';
import { decodeRevocation, decodeStatement, type Revocation } from './statement.ts';
import type { Cosigner, PolicyCheck, TlogPolicy } from './tlogpolicy.ts';
import { leafHash } from './tree.ts';
import { because, found, type Bracket, type Fault, type Finding, type LogLine, type Note as VerdictNote } from './verdict.ts';

/** How far two honest clocks may disagree before a batch's own times contradict the log's. */
const CLOCK_TOLERANCE = 300_000;
const HOUR = 3_600_000;
const TWICE_MAX = 16;

export interface Receipt {
  fault: Fault; reason: string; index: bigint; size: bigint; time: number | null; witnesses: number; proof: TlogProof | null; cosigners: Cosigner[];
}

/** Checks a receipt: the statement's exact bytes are in a trusted log under a checkpoint with the quorum. */
export function checkReceipt(text: string, statement: Uint8Array, policy: TlogPolicy): Receipt {
  try {
    const proof = parseProof(text);
    const inclusion = inclusionFault(leafHash(statement), proof.index, proof.checkpoint.size, proof.path, proof.checkpoint.root);
    const check = policy.evaluate(proof.note);
    const fault: Fault = check.fault === 'LogUnknown' ? 'LogUnknown'
      : check.fault !== 'None' && check.fault !== 'QuorumNotReached' ? 'ReceiptInvalid'
      : inclusion !== null ? 'ReceiptOfAnother'
      : check.fault === 'QuorumNotReached' ? 'QuorumMissing' : 'None';
    const reason = fault === 'ReceiptOfAnother' ? inclusion ?? '' : check.reason;
    const witnesses = check.cosigners.filter((cosigner) => !cosigner.isLogsOwnClock).length;
    return { fault, reason, index: proof.index, size: proof.checkpoint.size, time: timeOf(check, true), witnesses, proof, cosigners: check.cosigners };
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken;
    return { fault: 'ReceiptUnreadable', reason: broken.message, index: 0n, size: 0n, time: null, witnesses: 0, proof: null, cosigners: [] };
  }
}

// A cosigner that lies can only be caught by the others, so the cautious end of what they say counts.
function timeOf(check: PolicyCheck, latest: boolean): number | null {
  const independent = check.cosigners.filter((cosigner) => !cosigner.isLogsOwnClock);
  const times = (independent.length > 0 ? independent : check.cosigners).map((cosigner) => Number(cosigner.seconds) * 1000);
  return times.length === 0 ? null : latest ? Math.max(...times) : Math.min(...times);
}

/** The time of a checkpoint note that a header names; null when the policy does not trust it or it carries no time. */
function beaconTime(note: string, policy: TlogPolicy): number | null {
  try {
    const check = policy.evaluate(parseNote(note));
    return check.fault === 'None' ? timeOf(check, false) : null;
  } catch (broken) {
    if (broken instanceof Malformed) return null; // Whoever wrote the bundle gains nothing by it: the bracket is only wider.
    throw broken;
  }
}

/** The note in a text; none when it cannot be read: the check itself says so, and which one. */
function noteOf(text: string, read: (text: string) => Note): Note[] {
  try {
    return [read(text)];
  } catch (broken) {
    if (broken instanceof Malformed) return [];
    throw broken;
  }
}

/** The bundle against the log: receipts, revocations, and what both say about time. */
export class LogRules {
  private readonly receipts: (Receipt | null)[];
  private readonly beacons = new Map<string, number>();
  private readonly heads = new LogHeads();
  /** That keys of the shown batches were taken back, from where on, and since when that stands in the log. */
  readonly revocations: VerdictNote[] = [];

  constructor(private readonly bundle: Bundle, private readonly batches: ProvenBatch[], private readonly policy: Policy) {
    this.receipts = batches.map(() => null);
  }

  /** How many heads of logs the bundle shows, and how many of them no proof joins with the others. */
  get shownHeads(): { count: number; unlinked: number } {
    return { count: this.heads.count, unlinked: this.heads.unlinked };
  }

  get last(): Receipt | null {
    return this.receipts[this.receipts.length - 1] ?? null;
  }

  /** Log position of a batch by its own receipt; null where it has none. */
  index(position: number): string | null {
    const receipt = this.receipts[position];
    return receipt === null || receipt === undefined ? null : String(receipt.index);
  }

  get line(): LogLine | null {
    const last = this.last;
    if (last === null || last.proof === null) return null;
    const { checkpoint, note } = last.proof;
    return { origin: checkpoint.origin, index: String(last.index), size: String(last.size), root: hex(checkpoint.root), checkpoint: note.whole,
      cosigners: last.cosigners.map(({ witness, seconds, isLogsOwnClock }) => ({ name: witness.key.name, time: Number(seconds) * 1000, own: isLogsOwnClock })) };
  }

  /** Every receipt that is there must hold, and the last batch must have one: the chain commits to all before. */
  async check(): Promise<Finding | null> {
    await this.agree();
    for (const [i, batch] of this.batches.entries()) {
      if (batch.shown.receipt === null) continue;
      const receipt = checkReceipt(batch.shown.receipt, batch.statement.bytes, this.policy.log);
      if (receipt.fault !== 'None') {
        return because(found(receipt.fault, 'batch', batch.header.number), receipt.reason);
      }
      this.receipts[i] = receipt;
    }
    const heads: Checkpoint[] = [];
    for (const manifest of this.bundle.manifests) {
      if (manifest.receipt === null) continue;
      const receipt = checkReceipt(manifest.receipt, manifest.bytes, this.policy.log);
      if (receipt.fault !== 'None') return because(found(receipt.fault, 'manifest'), receipt.reason);
      if (receipt.proof !== null) heads.push(receipt.proof.checkpoint);
    }
    const revoked = await this.revoked(heads);
    if (revoked !== null) return revoked;
    const forked = await this.forked(heads);
    if (forked !== null) return forked;
    const { number } = this.batches[this.batches.length - 1].header;
    return this.last === null ? found('ReceiptMissing', '', number) : null;
  }

  /** Heads that contradict each other are two histories, and the log signed both: each alone looks whole. Only what the policy accepts counts. */
  private async forked(others: Checkpoint[]): Promise<Finding | null> {
    const heads = [...this.receipts.flatMap((receipt) => receipt?.proof?.checkpoint ?? []), ...others];
    for (const note of this.bundle.beacons) {
      const time = beaconTime(note, this.policy.log);
      if (time === null) continue;
      this.beacons.set(hex(digest(utf8(note))), time);
      heads.push(parseCheckpoint(parseNote(note).text));
    }
    for (const shown of this.bundle.releases) {
      const { finding } = await checkRelease(shown, this.policy);
      if (finding === null && shown.receipt !== null) heads.push(parseProof(shown.receipt).checkpoint);
    }
    for (const head of heads) {
      const forked = this.heads.add(head);
      if (forked !== null) return forked;
    }
    return this.heads.join(this.bundle.consistency);
  }

  /**
   * Log order is the clock: a batch logged at or after the index of a revocation of its key counts for nothing. The revocation's own receipt says since
   * when everybody can know it; without one it counts all the same, on the authority's word. Gives the heads of the receipts.
   */
  private async revoked(heads: Checkpoint[]): Promise<Finding | null> {
    for (const shown of this.bundle.revocations) {
      let revocation: Revocation;
      try {
        const statement = decodeStatement(shown.bytes);
        const trusted = this.policy.authorities.find((authority) => authority.key.idHex === hex(statement.keyId));
        if (statement.kind !== 'revocation' || trusted === undefined || !await trusted.key.signed(statement, true)) {
          return found('RevocationUnreadable', 'signer');
        }
        revocation = decodeRevocation(statement.payload);
      } catch (broken) {
        if (!(broken instanceof Malformed)) throw broken;
        return because(found('RevocationUnreadable', 'form'), broken.message);
      }
      const receipt = shown.receipt === null ? null : checkReceipt(shown.receipt, shown.bytes, this.policy.log);
      if (receipt !== null && receipt.fault !== 'None') return because(found(receipt.fault, 'revocation'), receipt.reason);
      if (receipt !== null && receipt.proof !== null) heads.push(receipt.proof.checkpoint);
      const finding = this.takenBack(revocation, receipt);
      if (finding !== null) return finding;
    }
    return null;
  }

  /** The first batch that a revocation takes back, and whether the revocation was in the log by then. */
  private takenBack(revocation: Revocation, own: Receipt | null): Finding | null {
    for (const [i, { manifest, header: { number } }] of this.batches.entries()) {
      if (manifest.key.idHex !== revocation.keyId) continue;
      this.tell(revocation, own);
      // The batch's own receipt, or the next one after it, which bounds it.
      const logged = this.receipts.slice(i).find((receipt) => receipt !== null);
      if (logged === undefined || logged === null) continue;
      if (own !== null && originOf(own) !== originOf(logged)) {
        // Places of two logs say nothing about before and after, so nothing shows that the batch was logged while its key counted.
        return found('KeyRevoked', 'elsewhere', number, originOf(own), originOf(logged), revocation.reason);
      }
      if (logged.index >= BigInt(revocation.from)) {
        const values = [number, revocation.from, String(logged.index), revocation.reason];
        return own === null ? found('KeyRevoked', '', ...values)
          : found('KeyRevoked', own.index > logged.index ? 'late' : 'logged', ...values, String(own.index));
      }
    }
    return null;
  }

  /** A key of the shown batches was taken back: that is read beside the word, whichever it is. */
  private tell({ keyId, from }: Revocation, own: Receipt | null): void {
    const [key, entry] = [[keyId.slice(0, 8), String(from)], own === null ? [] : [String(own.index), originOf(own)]];
    const note: VerdictNote = own === null ? { key: 'note.revoked.unlogged', values: key }
      : own.time === null ? { key: 'note.revoked.untimed', values: [...key, ...entry] } : { key: 'note.revoked', values: [...key, ...entry, utc(own.time)] };
    if (!this.revocations.some((known) => JSON.stringify(known) === JSON.stringify(note))) this.revocations.push(note);
  }

  /** Lets the browser's own Ed25519 answer, where it has one; over an even spread, first and last included, ours must say the same. */
  private async agree(): Promise<void> {
    const notes = [...this.batches.flatMap((batch) => batch.shown.receipt === null ? [] : noteOf(batch.shown.receipt, (text) => parseProof(text).note)),
      ...this.bundle.revocations.flatMap(({ receipt }) => receipt === null ? [] : noteOf(receipt, (text) => parseProof(text).note)),
      ...this.bundle.beacons.flatMap((beacon) => noteOf(beacon, parseNote))];
    const keys = [...this.policy.log.logs, ...this.policy.log.witnesses.map((witness) => witness.key)];
    const spread = Math.max(1, Math.ceil(notes.length / TWICE_MAX));
    for (const [i, note] of notes.entries()) {
      if (!await askBrowser(note, keys, i % spread === 0 || i === notes.length - 1)) return;
    }
  }

  /** Bounds for every batch: the newest beacon at or before it, the next receipt at or after it. */
  brackets(): { brackets: Bracket[]; finding: Finding | null } {
    const after: (number | null)[] = this.batches.map(() => null);
    for (let i = this.batches.length - 1; i >= 0; i--) {
      const next = after[i + 1] ?? null;
      const time = this.receipts[i]?.time ?? null;
      after[i] = time === null ? next : next === null ? time : Math.min(time, next);
    }
    const brackets: Bracket[] = [];
    let before = Number.NEGATIVE_INFINITY;
    let finding: Finding | null = null;
    for (const [i, { header, manifest }] of this.batches.entries()) {
      before = Math.max(before, this.beacons.get(hex(header.beacon)) ?? manifest.issued);
      append(brackets, { first: header.number, last: header.number, notBefore: before, notAfter: after[i] });
      finding ??= this.judge(header, before, after[i], this.receipts[i]?.time ?? null);
    }
    return { brackets, finding };
  }

  private judge(header: { number: number; closed: number }, notBefore: number, after: number | null, own: number | null): Finding | null {
    const { number, closed } = header;
    if (after === null) {
      return found('TimeUnattested', '', number);
    }
    if (closed < notBefore - CLOCK_TOLERANCE) {
      return found('SealedBeforeBeacon', '', number, utc(closed), utc(notBefore));
    }
    if (closed > after + CLOCK_TOLERANCE) {
      return found('SealedAfterReceipt', '', number, utc(closed), utc(after));
    }
    if (own !== null && own - closed > this.policy.delayMax) {
      return found('ReceiptLate', '', number, utc(closed), utc(own), this.policy.delayMax / HOUR);
    }
    return after - notBefore > this.policy.bracketMax
      ? found('BracketWide', '', number, utc(notBefore), utc(after), this.policy.bracketMax / HOUR) : null;
  }
}

function originOf(receipt: Receipt): string {
  return receipt.proof?.checkpoint.origin ?? '';
}

function append(brackets: Bracket[], next: Bracket): void {
  const before = brackets[brackets.length - 1];
  if (before !== undefined && before.notBefore === next.notBefore && before.notAfter === next.notAfter) before.last = next.last;
  else brackets.push(next);
}
