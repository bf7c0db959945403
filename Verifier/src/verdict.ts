import type { Level, ShownStatement } from './bundle.ts';
import { reason, REASONS } from './reasons.ts';
import type { SoftwareRelease, Withdrawal } from './release.ts';
import type { ManifestChannel } from './statement.ts';

export type Word = 'CannotCheck' | 'Verified' | 'NotYetAnchored' | 'SignerUnknown' | 'Changed' | 'Incomplete' | 'TimeNotProven';

/** The names that the C# verifier uses; they are stable. */
export type Fault = 'None' | 'FormUnreadable' | 'FormBatch' | 'ManifestUnreadable' | 'ManifestSignature' | 'ManifestMissing'
  | 'OpeningMissing' | 'OpeningMismatch'
  | 'ManifestGateway' | 'ManifestChain' | 'HeaderUnreadable' | 'HeaderSignature' | 'HeaderGateway' | 'LeafUnreadable' | 'ColumnUnreadable'
  | 'TreeUnreadable' | 'LeafNotInTree' | 'RootMismatch' | 'PlaceWrong' | 'ChannelNotShown' | 'OtherChannel' | 'BatchMissing'
  | 'BatchRepeated' | 'PreviousMismatch' | 'BootOrder' | 'SequenceHole' | 'SequenceRepeated' | 'SummaryMissing' | 'SummaryContradicted'
  | 'VerdictContradicted' | 'LimitsContradicted' | 'GapUndeclared' | 'WindowStart' | 'WindowEnd' | 'TimeDisorder' | 'AuthorityUnknown'
  | 'KeyRevoked' | 'RevocationUnreadable' | 'ReceiptMissing' | 'ReceiptUnreadable' | 'ReceiptOfAnother' | 'ReceiptInvalid' | 'LogUnknown'
  | 'LogForked' | 'QuorumMissing' | 'TimeUnattested' | 'SealedBeforeBeacon' | 'SealedAfterReceipt' | 'ReceiptLate' | 'BracketWide'
  | 'ReleaseUnreadable' | 'ReleaseSigner' | 'ReleaseSignature' // Of a software release, never of the record.
  | 'CryptoDisagrees'; // The last one is the browser's alone.

const WORDS: Partial<Record<Fault, Word>> = {
  None: 'Verified', ReceiptMissing: 'NotYetAnchored',
  FormUnreadable: 'CannotCheck', FormBatch: 'CannotCheck', RevocationUnreadable: 'CannotCheck', CryptoDisagrees: 'CannotCheck',
  ManifestMissing: 'Incomplete', OpeningMissing: 'Incomplete', ChannelNotShown: 'Incomplete', BatchMissing: 'Incomplete', SequenceHole: 'Incomplete',
  SummaryMissing: 'Incomplete', GapUndeclared: 'Incomplete', WindowStart: 'Incomplete', WindowEnd: 'Incomplete', QuorumMissing: 'Incomplete',
  AuthorityUnknown: 'SignerUnknown', KeyRevoked: 'SignerUnknown', LogUnknown: 'SignerUnknown',
  TimeDisorder: 'TimeNotProven', TimeUnattested: 'TimeNotProven', SealedBeforeBeacon: 'TimeNotProven', SealedAfterReceipt: 'TimeNotProven',
  ReceiptLate: 'TimeNotProven', BracketWide: 'TimeNotProven',
};

export function wordFor(fault: Fault): Word {
  return WORDS[fault] ?? 'Changed';
}

/**
 * A rule that did not hold, and where; null where all hold. `key` names its sentence in the catalogue, `values` fill it in every language;
 * `detail` is the technical rule behind it, in English.
 */
export interface Finding { fault: Fault; key: string; values: string[]; detail: string }

/** `variant`: which of the fault's sentences; empty where it has one. */
export function found(fault: Fault, variant: string, ...values: (string | number)[]): Finding {
  const key = variant === '' ? fault : `${fault}.${variant}`;
  if (!(key in REASONS.en)) throw new Error(`No reason is called "${key}".`);
  return { fault, key, values: values.map(String), detail: '' };
}

export function because(finding: Finding, detail: string): Finding {
  return { ...finding, detail };
}

/** In English, with the technical rule behind it: word for word what the C# verifier says. */
export function sentenceOf(finding: Finding): string {
  return [reason('en', finding.key, finding.values), finding.detail].filter((part) => part !== '').join(' ');
}

export const CHECKS = ['form', 'gateway', 'readings', 'chain', 'complete', 'authority', 'logged', 'time'] as const;
export type CheckName = typeof CHECKS[number];
export interface Check { name: CheckName; state: 'Ok' | 'Failed' | 'NotChecked'; fault: Fault; sentence: string; finding: Finding | null }

export type Answer = 'NoData' | 'InRange' | 'OutOfRange';

/** A stretch of time with one answer; temperatures in milli-degrees Celsius. */
export interface Interval { from: number; to: number; answer: Answer; min: number | null; max: number | null; readings: number; cause: string | null }
export interface ShownReading { sequence: number; time: number; outcome: string; temperature: number | null }
export interface ChannelVerdict { channel: number; probe: ManifestChannel; answer: Answer; intervals: Interval[]; readings: ShownReading[] }
export interface Bracket { first: number; last: number; notBefore: number | null; notAfter: number | null }

/** The answer to "is this record whole, unaltered, and from when?", with all that led to it. */
export interface Verdict {
  word: Word; fault: Fault; reason: string; checks: Check[]; channels: ChannelVerdict[]; brackets: Bracket[]; gateway: string | null;
  from: number; to: number; level: Level; traits: number; keyIds: string[]; authority: string | null; firstNumber: number; lastNumber: number;
  logSize: string | null; witnesses: number; notes: Note[];
  /** Root of every batch, in hex. */
  roots: string[];
  details: Details;
  /** Software releases that the bundle carries, checked. They decide nothing above. */
  releases: ProvenRelease[];
}

/**
 * One software release, checked: `finding` is why it counts for nothing, null when it holds; `index` its place in the log `log`, before `time`
 * (milliseconds; null when nobody gave a time). A withdrawal has no `release`; `signed` by an authority that the reader trusts, it counts without the log.
 */
export interface ProvenRelease {
  shown: ShownStatement; release: SoftwareRelease | null; finding: Finding | null; issuer: string; authority: string | null; log: string; index: string;
  time: number | null; withdrawal: Withdrawal | null; signed: boolean;
}

/** Hashes in lower-case hex, times in milliseconds since 1970 UTC, log positions in digits; `index` is null where a batch has no receipt of its own. */
export interface BatchLine { number: number; opened: number; closed: number; leaves: number; root: string; header: string; index: string | null }
export interface ChannelLine { channel: number; place: string; serial: string; low: number; high: number; interval: number; certificate: string;
  expiry: number | null }
export interface ManifestLine {
  digest: string; first: number; issued: number; issuer: string; signerKey: string; gatewayKey: string; rules: string; previous: string; channels: ChannelLine[];
}
/** What the last receipt says: which log, how large, who cosigned when; `own` marks the log's own clock, which is no witness. */
export interface LogLine {
  origin: string; index: string; size: string; root: string; checkpoint: string; cosigners: { name: string; time: number; own: boolean }[];
}
/** For whoever wants to compare with another program; believed only as far as the checks hold. */
export interface Details { batches: BatchLine[]; manifests: ManifestLine[]; log: LogLine | null }

/** What must be printed beside the word even when all is well. */
export interface Note {
  key: `note.${'emulated' | 'softwareKey' | 'noWitness' | 'unlinked' | 'revoked' | 'revoked.untimed' | 'revoked.unlogged' | 'certificateExpired' | 'noCertificate'}`;
  values: string[];
}
