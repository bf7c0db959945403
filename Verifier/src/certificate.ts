import { base64, hex, Malformed, refuse, utc } from './bytes.ts';
import { type CborReader, readCbor } from './cbor.ts';
import { unzlib } from './inputs/inflate.ts';
import { asArray, asObject, asText, fields, type Json, parseJson } from './json.ts';
import { CHANNELS_MAX, NUMBER_MAX, WALL_CEILING, WALL_FLOOR } from './leaf.ts';
import { decodeStatement, PublicKey, type Statement, STATEMENT_LENGTH_MAX } from './statement.ts';

// A certificate code: "CP1:" + Base45(zlib(COSE_Sign1)). An issuer's claims about a record, checked offline against the reader's own
// list of issuers. The twin of Evidence/Certificate/, held to the same golden codes.

export const CODE_PREFIX = 'CP1:';
const CODE_LENGTH_MAX = 4296;
const TRUST_LENGTH_MAX = 256 * 1024;
const TOLERANCE = 300_000;
const VALID_MAX = 5 * 366 * 86_400_000;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const INT32 = 2 ** 31;

export type CertificateWord = 'CannotCheck' | 'Valid' | 'IssuerUnknown' | 'Changed' | 'Expired';

export type CertificateFault = 'None' | 'CodeTooLong' | 'PrefixUnknown' | 'Base45Broken' | 'CompressionBroken' | 'StatementUnreadable'
  | 'ClaimsUnreadable' | 'IssuerUnknown' | 'SignatureWrong' | 'IssuerNotListedThen' | 'NotYetValid' | 'Expired';

export type ClaimAnswer = 'InRange' | 'OutOfRange' | 'NoData';

export interface ChannelClaim {
  channel: number; place: string; low: number; high: number; min: number | null; max: number | null; readings: number;
  outMinutes: number; gaps: number; gapMinutes: number; answer: ClaimAnswer;
}

/** What an issuer says of a record that it has verified. Claims, not evidence. Times in milliseconds since 1970 UTC. */
export interface Certificate {
  gateway: string; from: number; to: number; word: 'Verified' | 'TimeNotProven'; traits: number; last: number; root: string;
  log: { origin: string; size: number; root: string }; witnesses: number; channels: ChannelClaim[]; issued: number; expires: number;
  shipment: string | null; answer: ClaimAnswer;
}

export interface TrustedIssuer { name: string; jurisdiction: string; key: PublicKey; from: number; to: number }

/** The answer: `issuer` only where its signature holds; `identity` is SHA-256 of the claims, which no re-signing changes. */
export interface CertificateVerdict {
  word: CertificateWord; fault: CertificateFault; sentence: string; certificate: Certificate | null; claimedIssuer: string | null;
  issuer: TrustedIssuer | null; identity: string | null;
}

/** Checks a code with the reader's own list and clock. Never throws for anything that stands in the code. */
export async function checkCertificate(code: string, trust: TrustedIssuer[], now: number): Promise<CertificateVerdict> {
  const read = readCode(code);
  if ('fault' in read) {
    return { word: 'CannotCheck', ...read, certificate: null, claimedIssuer: null, issuer: null, identity: null };
  }
  const { statement, certificate } = read;
  const answer = (word: CertificateWord, fault: CertificateFault, sentence: string, issuer: TrustedIssuer | null): CertificateVerdict =>
    ({ word, fault, sentence, certificate, claimedIssuer: statement.issuer, issuer, identity: hex(statement.payloadDigest) });
  const kid = hex(statement.keyId);
  const issuer = trust.find((known) => known.key.idHex === kid);
  if (issuer === undefined) {
    return answer('IssuerUnknown', 'IssuerUnknown', `The certificate is signed by "${statement.issuer}" with key ${kid.slice(0, 8)}…, which `
      + 'your trust list does not know. Whether it was changed cannot be told without that key.', null);
  }
  if (!await issuer.key.signed(statement, true)) {
    return answer('Changed', 'SignatureWrong', `The signature is not that of ${issuer.name} over these claims.`, null);
  }
  if (certificate.issued < issuer.from || certificate.issued >= issuer.to) {
    return answer('IssuerUnknown', 'IssuerNotListedThen', `The certificate was issued ${utc(certificate.issued)}; your trust list takes this `
      + `key of ${issuer.name} from ${utc(issuer.from)} until ${utc(issuer.to)}.`, issuer);
  }
  if (certificate.issued > now + TOLERANCE) {
    return answer('CannotCheck', 'NotYetValid', `The certificate says that it was issued ${utc(certificate.issued)}; your clock says `
      + `${utc(now)}. Set the clock of this machine, or ask the issuer.`, issuer);
  }
  return now >= certificate.expires
    ? answer('Expired', 'Expired', `The certificate was valid until ${utc(certificate.expires)}; your clock says ${utc(now)}. Ask for a new `
      + 'one, or for the evidence file.', issuer)
    : answer('Valid', 'None', '', issuer);
}

type Read = { statement: Statement; certificate: Certificate } | { fault: CertificateFault; sentence: string };

function readCode(code: string): Read {
  if (code.length > CODE_LENGTH_MAX) {
    return { fault: 'CodeTooLong', sentence: `The text has ${code.length} characters; no QR code holds more than ${CODE_LENGTH_MAX}.` };
  }
  if (!code.startsWith(CODE_PREFIX)) {
    return {
      fault: 'PrefixUnknown',
      sentence: `The text does not begin with ${CODE_PREFIX}, so it is no certificate code of a version that this program knows.`,
    };
  }
  let fault: CertificateFault = 'Base45Broken';
  try {
    const packed = base45(code.slice(CODE_PREFIX.length));
    fault = 'CompressionBroken';
    const { bytes, consumed } = unzlib(packed, STATEMENT_LENGTH_MAX, 'code');
    if (consumed !== packed.length) refuse(`${packed.length - consumed} bytes stand behind the zlib stream.`);
    fault = 'StatementUnreadable';
    const statement = decodeStatement(bytes);
    if (statement.kind !== 'certificate') refuse('The code carries a signed statement, but of another kind than a certificate.');
    fault = 'ClaimsUnreadable';
    return { statement, certificate: decodeCertificate(statement.payload) };
  } catch (broken) {
    if (broken instanceof Malformed) return { fault, sentence: broken.message };
    throw broken;
  }
}

/** Base45 (RFC 9285) in its one form. */
export function base45(text: string): Uint8Array {
  if (text.length % 3 === 1) refuse(`Base45 of ${text.length} characters does not exist: one is missing or too many.`);
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0));
  const digit = (at: number): number => {
    const value = ALPHABET.indexOf(text[at]);
    return value >= 0 ? value : refuse(`Character ${at} is none of Base45.`);
  };
  for (let i = 0, at = 0; i < text.length; i += 3) {
    const pair = i + 2 < text.length;
    const value = digit(i) + 45 * digit(i + 1) + (pair ? 2025 * digit(i + 2) : 0);
    if (value > (pair ? 0xffff : 0xff)) refuse(`The Base45 group at character ${i} stands for ${value}, more than its bytes hold.`);
    if (pair) bytes[at++] = value >> 8;
    bytes[at++] = value & 0xff;
  }
  return bytes;
}

function decodeCertificate(payload: Uint8Array): Certificate {
  return readCbor('certificate', payload, STATEMENT_LENGTH_MAX, (reader) => {
    reader.array(14, 'certificate');
    reader.integer(1, 1, 'version of the certificate');
    const gateway = hex(reader.byteString(16, 16, 'gateway identity')).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const from = reader.integer(WALL_FLOOR, WALL_CEILING, 'start of the window');
    const to = reader.integer(from, WALL_CEILING, 'end of the window');
    const number = reader.integer(0, 255, "verdict's word");
    if (number !== 1 && number !== 6) {
      refuse(`The verdict's word is ${number}; 1 (verified) and 6 (time not proven) are certified.`);
    }
    const word = number === 1 ? 'Verified' : 'TimeNotProven';
    const traits = reader.integer(0, 3, 'flags');
    const last = reader.integer(0, NUMBER_MAX, 'last batch number');
    const root = hex(reader.byteString(8, 8, 'short root'));
    reader.array(3, 'log');
    const log = { origin: reader.text(200, "log's origin"), size: reader.integer(1, NUMBER_MAX, "log's size"), root: hex(reader.digest("log's root")) };
    const witnesses = reader.integer(0, 100, 'number of witnesses');
    const channels = readClaims(reader);
    const issued = reader.integer(WALL_FLOOR, WALL_CEILING, 'time of issue');
    const expires = reader.integer(issued, Math.min(issued + VALID_MAX, WALL_CEILING), 'time of expiry');
    const shipment = readShipment(reader);
    const answer = together(channels.map((claim) => claim.answer));
    return { gateway, from, to, word, traits, last, root, log, witnesses, channels, issued, expires, shipment, answer };
  });
}

function readShipment(reader: CborReader): string | null {
  if (!reader.isNull) return reader.text(90, 'shipment');
  reader.integerOrNull(0, 0, 'shipment');
  return null;
}

function readClaims(reader: CborReader): ChannelClaim[] {
  const count = reader.arrayUpTo(CHANNELS_MAX, 'channels');
  const claims: ChannelClaim[] = [];
  for (let i = 0; i < count; i++) {
    const claim = readClaim(reader);
    if (i > 0 && claim.channel <= claims[i - 1].channel) refuse("The certificate's channels do not rise.");
    claims.push(claim);
  }
  return count > 0 ? claims : refuse('The certificate has no channel.');
}

function readClaim(reader: CborReader): ChannelClaim {
  reader.array(10, "channel's claim");
  const channel = reader.integer(0, CHANNELS_MAX - 1, 'channel');
  const place = reader.text(40, 'place');
  const [low, high] = [reader.integer(-INT32, INT32 - 1, 'lower limit'), reader.integer(-INT32, INT32 - 1, 'upper limit')];
  const min = reader.integerOrNull(-INT32, INT32 - 1, 'lowest temperature');
  const max = reader.integerOrNull(-INT32, INT32 - 1, 'highest temperature');
  const readings = reader.integer(0, NUMBER_MAX, 'number of readings');
  const outMinutes = reader.integer(0, NUMBER_MAX, 'minutes out of range');
  const gaps = reader.integer(0, NUMBER_MAX, 'number of gaps');
  const gapMinutes = reader.integer(0, NUMBER_MAX, 'minutes without data');
  if (low > high || (min === null) !== (max === null) || (min !== null && max !== null && min > max) || (min !== null && readings === 0)
    || (gaps === 0 && gapMinutes > 0)) {
    refuse(`The claim for channel ${channel} contradicts itself.`);
  }
  const outside = outMinutes > 0 || (min !== null && min < low) || (max !== null && max > high);
  const answer = outside ? 'OutOfRange' : gaps > 0 || readings === 0 ? 'NoData' : 'InRange';
  return { channel, place, low, high, min, max, readings, outMinutes, gaps, gapMinutes, answer };
}

function together(answers: ClaimAnswer[]): ClaimAnswer {
  return answers.includes('OutOfRange') ? 'OutOfRange' : answers.includes('NoData') ? 'NoData' : 'InRange';
}

/** Reads `coldproof-trust/1`, the reader's own list. Throws {@link Malformed} for anything else. */
export function parseTrust(bytes: Uint8Array): TrustedIssuer[] {
  if (bytes.length > TRUST_LENGTH_MAX) refuse(`The trust list has ${bytes.length} bytes; at most ${TRUST_LENGTH_MAX} are read.`);
  const json = parseJson(bytes, 8);
  if (!(json instanceof Map) || json.get('format') !== 'coldproof-trust/1') refuse('The file\'s format is not "coldproof-trust/1".');
  const root = asObject(json, 'trust list');
  fields(root, 'trust list', ['format', 'issuers'], []);
  const issuers = asArray(root.get('issuers'), 'issuers', 1000).map(readIssuer);
  if (issuers.length === 0) refuse('The trust list names no issuer.');
  if (new Set(issuers.map((issuer) => issuer.key.idHex)).size !== issuers.length) refuse('The trust list names one key twice.');
  return issuers;
}

function readIssuer(json: Json): TrustedIssuer {
  const object = asObject(json, 'issuer');
  fields(object, 'issuer', ['name', 'jurisdiction', 'spki', 'from', 'to'], []);
  const text = (name: string, max: number): string => {
    const value = asText(object.get(name), name);
    return value.length <= max ? value : refuse(`"${name}" has ${value.length} characters; at most ${max} are allowed.`);
  };
  const key = new PublicKey(base64(text('spki', 124)) ?? refuse('The base64 of "spki" is not in its one form.'));
  const issuer = {
    name: text('name', 100), jurisdiction: text('jurisdiction', 40), key, from: readTime(text('from', 20), 'from'), to: readTime(text('to', 20), 'to'),
  };
  return issuer.from < issuer.to ? issuer : refuse(`The validity of issuer key ${key.idHex.slice(0, 8)}… ends before it begins.`);
}

function readTime(text: string, name: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
  // A day that no month has is moved to the next by some readers: only what comes back as it was is a time.
  return time >= WALL_FLOOR && new Date(time).toISOString() === text.replace('Z', '.000Z') ? time
    : refuse(`"${name}" is not a time like 2026-01-01T00:00:00Z.`);
}
