import { p256 } from '@noble/curves/nist.js';
import { concat, CryptoDisagreement, digest, equal, hex, refuse, short, unhex, utf8 } from './bytes.ts';
import { readCbor, type CborReader, CborWriter } from './cbor.ts';
import { CHANNELS_MAX, NUMBER_MAX, WALL_CEILING, WALL_FLOOR } from './leaf.ts';
import { LEAVES_MAX } from './tree.ts';

export const STATEMENT_LENGTH_MAX = 4096;

const KINDS = ['batch', 'manifest', 'revocation', 'conflict', 'certificate', 'disclosure', 'release', 'withdrawal'] as const;
export type StatementKind = typeof KINDS[number];

/** A COSE_Sign1 with ES256 in its one form. Identity is the payload's digest, never the signature, which anyone may malleate. */
export interface Statement {
  bytes: Uint8Array; kind: StatementKind; keyId: Uint8Array; issuer: string; payload: Uint8Array; payloadDigest: Uint8Array;
  signature: Uint8Array; signed: Uint8Array;
}

export function decodeStatement(bytes: Uint8Array): Statement {
  return readCbor('statement', bytes, STATEMENT_LENGTH_MAX, (reader) => {
    reader.tag(18, 'statement');
    reader.array(4, 'statement');
    const header = reader.byteString(1, 512, 'protected header');
    reader.skip(); // The unprotected header is not signed: what stands there means nothing.
    const payload = reader.byteString(1, STATEMENT_LENGTH_MAX, 'payload');
    const signature = reader.byteString(64, 64, 'signature');
    return { bytes, payload, signature, ...readHeader(header), payloadDigest: digest(payload), signed: signedBytes(header, payload) };
  });
}

function readHeader(header: Uint8Array): { kind: StatementKind; keyId: Uint8Array; issuer: string } {
  return readCbor('protected header', header, 512, (reader) => {
    reader.map(4, 'protected header');
    reader.integer(1, 1, 'first header label');
    reader.integer(-7, -7, 'algorithm (ES256 is −7)');
    reader.integer(3, 3, 'second header label');
    const type = reader.text(80, 'content type');
    reader.integer(4, 4, 'third header label');
    const keyId = reader.byteString(16, 16, 'key identifier');
    reader.integer(15, 15, 'fourth header label');
    reader.map(1, 'claims');
    reader.integer(1, 1, 'claim');
    const issuer = reader.text(200, 'issuer');
    const kind = KINDS.find((name) => type === `application/vnd.coldproof.${name}+cbor`);
    return { kind: kind ?? refuse(`No statement has the content type "${type}".`), keyId, issuer };
  });
}

/** Sig_structure of RFC 9052, 4.4. */
function signedBytes(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const writer = new CborWriter(new Uint8Array(64 + header.length + payload.length));
  const start = concat(writer.head(4, 4).head(3, 10).written, utf8('Signature1'));
  return concat(start, writer.restart().bytes(header).bytes(new Uint8Array(0)).bytes(payload).written);
}

const SPKI_PREFIX = unhex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');

/** A P-256 key in the one accepted form: 91 bytes, named curve, uncompressed point. */
export class PublicKey {
  readonly id: Uint8Array;
  readonly idHex: string;
  private readonly point: Uint8Array;
  private imported: Promise<CryptoKey> | null = null;

  constructor(readonly spki: Uint8Array) {
    if (spki.length !== 91 || !equal(spki.subarray(0, 27), SPKI_PREFIX)) {
      refuse('The key is not a P-256 SubjectPublicKeyInfo with an uncompressed point (91 bytes).');
    }
    this.point = spki.slice(26);
    if (!p256.utils.isValidPublicKey(this.point, false)) refuse('The key is not a point of the curve P-256.');
    this.id = digest(spki).subarray(0, 16);
    this.idHex = hex(this.id);
  }

  /**
   * Whether this key signed the statement's protected header and payload. The browser's own cryptography answers where it is there
   * (it is not on plain http), ours where it is not, and both where `twice`: should they disagree, there is no answer at all.
   */
  async signed(statement: Statement, twice: boolean): Promise<boolean> {
    if (!equal(this.id, statement.keyId)) return false;
    const subtle = globalThis.crypto?.subtle;
    const ours = (): boolean => p256.verify(statement.signature, statement.signed, this.point, { lowS: false, prehash: true, format: 'compact' });
    if (subtle === undefined) return ours();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    this.imported ??= subtle.importKey('spki', this.spki as BufferSource, algorithm, false, ['verify']);
    const answer = await subtle.verify(algorithm, await this.imported, statement.signature as BufferSource, statement.signed as BufferSource);
    if (twice && ours() !== answer) throw new CryptoDisagreement(`P-256, ${short(statement.payloadDigest)}`);
    return answer;
  }
}

export interface BatchHeader {
  gateway: string; number: number; previous: Uint8Array; manifest: Uint8Array; opened: number; closed: number;
  clock: { source: number; error: number; boot: number; uptime: number }; beacon: Uint8Array; leaves: number; channels: number; root: Uint8Array;
}

export function decodeHeader(payload: Uint8Array): BatchHeader {
  return readCbor('batch header', payload, 256, (reader) => {
    reader.array(12, 'batch header');
    reader.integer(1, 1, 'version of the batch header');
    const gateway = readGateway(reader);
    const number = reader.integer(0, NUMBER_MAX, 'batch number');
    const [previous, manifest] = [reader.digest('previous hash'), reader.digest('manifest hash')];
    const opened = reader.integer(WALL_FLOOR, WALL_CEILING, 'opening time');
    const closed = reader.integer(opened, WALL_CEILING, 'closing time');
    reader.array(4, 'batch clock');
    const clock = {
      source: reader.integer(0, 2, 'clock source'), error: reader.integer(0, 2 ** 32 - 1, 'clock error'),
      boot: reader.integer(1, 2 ** 32 - 1, 'boot number'), uptime: reader.integer(0, NUMBER_MAX, 'uptime'),
    };
    const beacon = reader.digest('beacon');
    const leaves = reader.integer(1, LEAVES_MAX, 'leaf count');
    const channels = reader.integer(1, CHANNELS_MAX, 'channel count');
    const root = reader.digest('root');
    if (leaves < 2 * channels) {
      refuse(`${channels} channels need ${2 * channels} leaves for summaries and verdicts; the header has ${leaves}.`);
    }
    return { gateway, number, previous, manifest, opened, closed, clock, beacon, leaves, channels, root };
  });
}

/** What a manifest says about one channel; the log holds its commitment only. */
export interface ManifestChannel {
  place: string; serial: string; low: number; high: number; interval: number; certificate: Uint8Array; expiry: number | null;
}

export interface Manifest {
  gateway: string; key: PublicKey; first: number; issued: number; commitments: Uint8Array[]; rules: Uint8Array; previous: Uint8Array;
  traits: number;
}

export function decodeManifest(payload: Uint8Array): Manifest {
  return readCbor('manifest', payload, STATEMENT_LENGTH_MAX, (reader) => {
    reader.array(9, 'manifest');
    const version = reader.integer(0, 2 ** 31 - 1, 'version of the manifest');
    if (version !== 2) {
      refuse(`The manifest is of version ${version}; this program reads version 2, which shows no probe in the log. Enrol the gateway again.`);
    }
    const gateway = readGateway(reader);
    const key = new PublicKey(reader.byteString(1, 91, 'gateway key'));
    const first = reader.integer(0, NUMBER_MAX, 'first batch number');
    const issued = reader.integer(WALL_FLOOR, WALL_CEILING, 'issuing time');
    const count = reader.arrayUpTo(CHANNELS_MAX, 'channels');
    if (count === 0) refuse('The manifest has no channel.');
    const commitments = Array.from({ length: count }, () => reader.digest('commitment to a channel'));
    const [rules, previous] = [reader.digest('rule pack hash'), reader.digest('previous manifest hash')];
    return { gateway, key, first, issued, commitments, rules, previous, traits: reader.integer(0, 3, 'flags') };
  });
}

export const OPENING_LENGTH_MAX = 512;
const SALT_LENGTH = 32;

/** SHA-256("coldproof/1 probe" ‖ opening): what a manifest holds in place of a channel. */
export function commit(opening: Uint8Array): Uint8Array {
  return digest(concat(utf8('coldproof/1 probe'), opening));
}

/** opening = salt (32 bytes) ‖ CBOR. */
export function decodeOpening(opening: Uint8Array): ManifestChannel {
  if (opening.length <= SALT_LENGTH) refuse(`The opening has ${opening.length} bytes; its salt alone has ${SALT_LENGTH}.`);
  return readCbor('opening', opening.subarray(SALT_LENGTH), OPENING_LENGTH_MAX, readChannel);
}

function readChannel(reader: CborReader): ManifestChannel {
  reader.array(7, 'opening');
  const channel = {
    place: reader.text(40, 'place'), serial: reader.text(40, 'serial number'), low: reader.integer(-(2 ** 31), 2 ** 31 - 1, 'lower limit'),
    high: reader.integer(-(2 ** 31), 2 ** 31 - 1, 'upper limit'), interval: reader.integer(1_000, 3_600_000, 'interval'),
    certificate: reader.digest('certificate hash'), expiry: reader.integerOrNull(WALL_FLOOR, WALL_CEILING, 'certificate expiry'),
  };
  return channel.low <= channel.high ? channel : refuse(`The lower limit ${channel.low} is above the upper limit ${channel.high}.`);
}

export interface Revocation { keyId: string; from: number; reason: string }

export function decodeRevocation(payload: Uint8Array): Revocation {
  return readCbor('revocation', payload, 512, (reader) => {
    reader.array(4, 'revocation');
    reader.integer(1, 1, 'version of the revocation');
    return {
      keyId: hex(reader.byteString(16, 16, 'key identifier')), from: reader.integer(0, NUMBER_MAX, 'log index'),
      reason: reader.text(200, 'reason'),
    };
  });
}

function readGateway(reader: CborReader): string {
  return hex(reader.byteString(16, 16, 'gateway identity')).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
