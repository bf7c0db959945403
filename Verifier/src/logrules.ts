import type { ProvenBatch } from './batches.ts';
import { digest, hex, Malformed, utc, utf8 } from './bytes.ts';
import type { Bundle, Policy } from './bundle.ts';
import { inclusionFault, parseNote, parseProof } from './log.ts';
import { decodeRevocation, decodeStatement } from './statement.ts';
import type { PolicyCheck, TlogPolicy } from './tlogpolicy.ts';
import { leafHash } from './tree.ts';
import { found, type Bracket, type Fault, type Finding } from './verdict.ts';

/** How far two honest clocks may disagree before a batch's own times contradict the log's. */
const CLOCK_TOLERANCE = 300_000;
const HOUR = 3_600_000;

export interface Receipt { fault: Fault; reason: string; index: bigint; size: bigint; time: number | null; witnesses: number }

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
    return { fault, reason, index: proof.index, size: proof.checkpoint.size, time: timeOf(check, true), witnesses };
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken;
    return { fault: 'ReceiptUnreadable', reason: broken.message, index: 0n, size: 0n, time: null, witnesses: 0 };
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

/** The bundle against the log: receipts, revocations, and what both say about time. */
export class LogRules {
  private readonly receipts: (Receipt | null)[];

  constructor(private readonly bundle: Bundle, private readonly batches: ProvenBatch[], private readonly policy: Policy) {
    this.receipts = batches.map(() => null);
  }

  get last(): Receipt | null {
    return this.receipts[this.receipts.length - 1] ?? null;
  }

  /** Every receipt that is there must hold, and the last batch must have one: the chain commits to all before. */
  async check(): Promise<Finding | null> {
    for (const [i, batch] of this.batches.entries()) {
      if (batch.shown.receipt === null) continue;
      const receipt = checkReceipt(batch.shown.receipt, batch.statement.bytes, this.policy.log);
      if (receipt.fault !== 'None') {
        return found(receipt.fault, `The receipt of batch ${batch.header.number} does not hold. ${receipt.reason}`);
      }
      this.receipts[i] = receipt;
    }
    for (const manifest of this.bundle.manifests) {
      if (manifest.receipt === null) continue;
      const receipt = checkReceipt(manifest.receipt, manifest.bytes, this.policy.log);
      if (receipt.fault !== 'None') return found(receipt.fault, `The receipt of a manifest does not hold. ${receipt.reason}`);
    }
    const revoked = await this.revoked();
    if (revoked !== null) return revoked;
    const { number } = this.batches[this.batches.length - 1].header;
    return this.last === null ? found('ReceiptMissing', `The last batch, ${number}, has no receipt of the log yet.`) : null;
  }

  /** Log order is the clock: a batch logged at or after the index of a revocation of its key counts for nothing. */
  private async revoked(): Promise<Finding | null> {
    for (const shown of this.bundle.revocations) {
      try {
        const statement = decodeStatement(shown.bytes);
        const trusted = this.policy.authorities.find((authority) => authority.key.idHex === hex(statement.keyId));
        if (statement.kind !== 'revocation' || trusted === undefined || !await trusted.key.signed(statement, true)) {
          return found('RevocationUnreadable', 'A revocation in the bundle is not signed by an authority that you trust.');
        }
        const revocation = decodeRevocation(statement.payload);
        for (const [i, batch] of this.batches.entries()) {
          // The batch's own receipt, or the next one after it, which bounds it.
          const index = this.receipts.slice(i).find((receipt) => receipt !== null)?.index;
          if (batch.manifest.key.idHex === revocation.keyId && index !== undefined && index >= BigInt(revocation.from)) {
            return found('KeyRevoked', `The key that signed batch ${batch.header.number} was taken back from log index ${revocation.from} on; `
              + `the batch was logged at ${index}. Reason: ${revocation.reason}`);
          }
        }
      } catch (broken) {
        if (!(broken instanceof Malformed)) throw broken;
        return found('RevocationUnreadable', `A revocation in the bundle cannot be read: ${broken.message}`);
      }
    }
    return null;
  }

  /** Bounds for every batch: the newest beacon at or before it, the next receipt at or after it. */
  brackets(): { brackets: Bracket[]; finding: Finding | null } {
    const beacons = new Map<string, number>();
    for (const note of this.bundle.beacons) {
      const time = beaconTime(note, this.policy.log);
      if (time !== null) beacons.set(hex(digest(utf8(note))), time);
    }
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
      before = Math.max(before, beacons.get(hex(header.beacon)) ?? manifest.issued);
      append(brackets, { first: header.number, last: header.number, notBefore: before, notAfter: after[i] });
      finding ??= this.judge(header, before, after[i], this.receipts[i]?.time ?? null);
    }
    return { brackets, finding };
  }

  private judge(header: { number: number; closed: number }, notBefore: number, after: number | null, own: number | null): Finding | null {
    const { number, closed } = header;
    if (after === null) {
      return found('TimeUnattested', `Nobody but the gateway says when batch ${number} was sealed: its receipts carry no time.`);
    }
    if (closed < notBefore - CLOCK_TOLERANCE) {
      return found('SealedBeforeBeacon', `Batch ${number} claims to be sealed ${utc(closed)}, but builds on something made ${utc(notBefore)}.`);
    }
    if (closed > after + CLOCK_TOLERANCE) {
      return found('SealedAfterReceipt', `Batch ${number} claims to be sealed ${utc(closed)}, but was in the log by ${utc(after)}.`);
    }
    if (own !== null && own - closed > this.policy.delayMax) {
      return found('ReceiptLate', `Batch ${number} says it was sealed ${utc(closed)}, and reached the log only by ${utc(own)}: later than `
        + `your policy's ${this.policy.delayMax / HOUR} h. A truck long out of coverage looks the same.`);
    }
    return after - notBefore > this.policy.bracketMax
      ? found('BracketWide', `Batch ${number} was sealed between ${utc(notBefore)} and ${utc(after)}: wider than your policy's `
        + `${this.policy.bracketMax / HOUR} h. A truck long out of coverage looks the same.`) : null;
  }
}

function append(brackets: Bracket[], next: Bracket): void {
  const before = brackets[brackets.length - 1];
  if (before !== undefined && before.notBefore === next.notBefore && before.notAfter === next.notAfter) before.last = next.last;
  else brackets.push(next);
}
