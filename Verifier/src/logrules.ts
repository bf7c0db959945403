import type { ProvenBatch } from './batches.ts';
import { digest, hex, Malformed, utc, utf8 } from './bytes.ts';
import type { Bundle, Policy } from './bundle.ts';
import { askBrowser, inclusionFault, parseCheckpoint, parseNote, parseProof, type Checkpoint, type Note, type TlogProof } from './log.ts';
import { LogHeads } from './logheads.ts';
import { checkRelease } from './release.ts';
import { decodeRevocation, decodeStatement } from './statement.ts';
import type { Cosigner, PolicyCheck, TlogPolicy } from './tlogpolicy.ts';
import { leafHash } from './tree.ts';
import { because, found, type Bracket, type Fault, type Finding, type LogLine } from './verdict.ts';

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

  constructor(private readonly bundle: Bundle, private readonly batches: ProvenBatch[], private readonly policy: Policy) {
    this.receipts = batches.map(() => null);
  }

  /** How many heads of logs the bundle shows, and how many of them no proof joins with the others. */
  get shownHeads(): { count: number; unlinked: number } {
    return { count: this.heads.count, unlinked: this.heads.unlinked(this.last?.proof?.checkpoint ?? null) };
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
    const revoked = await this.revoked();
    if (revoked !== null) return revoked;
    const forked = await this.forked(heads);
    if (forked !== null) return forked;
    const { number } = this.batches[this.batches.length - 1].header;
    return this.last === null ? found('ReceiptMissing', '', number) : null;
  }

  /** Heads that contradict each other are two histories, and the log signed both: each alone looks whole. Only what the policy accepts counts. */
  private async forked(ofManifests: Checkpoint[]): Promise<Finding | null> {
    const heads = [...this.receipts.flatMap((receipt) => receipt?.proof?.checkpoint ?? []), ...ofManifests];
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

  /** Log order is the clock: a batch logged at or after the index of a revocation of its key counts for nothing. */
  private async revoked(): Promise<Finding | null> {
    for (const shown of this.bundle.revocations) {
      try {
        const statement = decodeStatement(shown.bytes);
        const trusted = this.policy.authorities.find((authority) => authority.key.idHex === hex(statement.keyId));
        if (statement.kind !== 'revocation' || trusted === undefined || !await trusted.key.signed(statement, true)) {
          return found('RevocationUnreadable', 'signer');
        }
        const revocation = decodeRevocation(statement.payload);
        for (const [i, batch] of this.batches.entries()) {
          // The batch's own receipt, or the next one after it, which bounds it.
          const index = this.receipts.slice(i).find((receipt) => receipt !== null)?.index;
          if (batch.manifest.key.idHex === revocation.keyId && index !== undefined && index >= BigInt(revocation.from)) {
            return found('KeyRevoked', '', batch.header.number, revocation.from, String(index), revocation.reason);
          }
        }
      } catch (broken) {
        if (!(broken instanceof Malformed)) throw broken;
        return because(found('RevocationUnreadable', 'form'), broken.message);
      }
    }
    return null;
  }

  /** Lets the browser's own Ed25519 answer, where it has one; over an even spread, first and last included, ours must say the same. */
  private async agree(): Promise<void> {
    const notes = [...this.batches.flatMap((batch) => batch.shown.receipt === null ? [] : noteOf(batch.shown.receipt, (text) => parseProof(text).note)),
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

function append(brackets: Bracket[], next: Bracket): void {
  const before = brackets[brackets.length - 1];
  if (before !== undefined && before.notBefore === next.notBefore && before.notAfter === next.notAfter) before.last = next.last;
  else brackets.push(next);
}
