import { p256 } from '@noble/curves/nist.js';
import { concat, digest, refuse, unhex } from '../bytes.ts';

export const LOGGER_LENGTH_MAX = 16 * 1024 * 1024;

/** The key that certified every signing key we have seen, of four lots and two issuers' names. Found by arithmetic, not told by anyone. */
const ISSUER = unhex('04' + '0aa2be1b04268b874fc00aac193a889352f57eed2a46d8c7fc98111bdcaf1966'
  + 'e3be1648b9ae1a7b7e5b9afc7c4b48fd003c505cb6af749fabaac0da180cf668');

/** Temperatures in tenths of a degree as the logger prints them; times as the logger's own clock wrote them, minutes, offset in `zone`. */
export interface LoggerReport {
  device: string; serial: string; lot: string; issuer: string; zone: string; unit: string;
  /** "unchanged": as the logger signed it. "changed": not as signed. "unsigned": carries no signature. */
  file: 'unchanged' | 'changed' | 'unsigned';
  /** Whether the signing key is certified by the issuer's key that we know from other lots. */
  issuerKnown: boolean;
  readings: { time: string; tenths: number | null; outside: boolean }[];
  min: number | null; max: number | null; missing: number; outside: number;
}

/** Whether a file begins like an export of a Berlinger Fridge-tag or Q-tag. */
export function looksLikeLogger(head: Uint8Array): boolean {
  return /^Device: [^\r\n]{1,80}\r?\nVers: [0-9.]{1,10}\r?\n/.test(latin(head.subarray(0, 200)));
}

/**
 * Reads a Berlinger Fridge-tag or Q-tag export and checks its signatures. Bytes are hashed before anything is decoded: an editor that
 * changes line ends breaks the signature, and has to. The scheme was worked out from files; the maker has not confirmed it.
 */
export function readLogger(bytes: Uint8Array): LoggerReport {
  if (bytes.length > LOGGER_LENGTH_MAX) refuse(`The logger's file has ${bytes.length} bytes; at most ${LOGGER_LENGTH_MAX} are read.`);
  if (!looksLikeLogger(bytes)) refuse('The file does not begin like an export of a Fridge-tag or Q-tag.');
  const text = latin(bytes);
  const field = (name: string): string => new RegExp(`^ ?${name}: ([^\\r\\n]{0,80})`, 'm').exec(text)?.[1].trim() ?? '';
  const readings = [...text.matchAll(/^\t([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})\t([-+]?[0-9]{1,3}\.[0-9]|--\.-)(?:\t(x?))?\r?$/gm)]
    .map(([, time, value, mark]) => ({ time, tenths: value === '--.-' ? null : tenths(value), outside: mark === 'x' }));
  const measured = readings.flatMap((reading) => reading.tenths ?? []);
  return {
    device: field('Device'), serial: field('Serial'), lot: field('Lot'), issuer: field('Issuer'), zone: field('Zone'),
    unit: field('Temp unit'), ...signatures(bytes, text), readings, missing: readings.length - measured.length,
    outside: readings.filter((reading) => reading.outside).length,
    min: measured.length === 0 ? null : measured.reduce((a, b) => Math.min(a, b)),
    max: measured.length === 0 ? null : measured.reduce((a, b) => Math.max(a, b)),
  };
}

function signatures(bytes: Uint8Array, text: string): { file: LoggerReport['file']; issuerKnown: boolean } {
  const certificate = /^Cert:/m.exec(text);
  const key = /^ Public Key: ([0-9a-f]{128})\r?$/m.exec(text);
  const certified = /^Sig Cert: ([0-9a-f]{128})\r?$/m.exec(text);
  const signed = /^Sig: ([0-9a-f]{128})(?:\r?\n)?$/m.exec(text);
  if (certificate === null || key === null || certified === null || signed === null) {
    return { file: /^Sig: /m.test(text) ? 'changed' : 'unsigned', issuerKnown: false };
  }
  const point = concat(Uint8Array.of(4), turned(unhex(key[1])));
  // What follows the signature is not signed: anything but the end of the file counts as a change.
  const whole = text.slice(signed.index + signed[0].length) === '';
  const held = whole && holds(bytes.subarray(0, signed.index), signed[1], point);
  const known = held && holds(bytes.subarray(certificate.index, certified.index), certified[1], ISSUER);
  return { file: held ? 'unchanged' : 'changed', issuerKnown: known };
}

/** ECDSA over P-256 with every number the other way round, the digest too: the browser's own cryptography has no such form. */
function holds(bytes: Uint8Array, signature: string, point: Uint8Array): boolean {
  if (!p256.utils.isValidPublicKey(point, false)) return false;
  return p256.verify(turned(unhex(signature)), digest(bytes).reverse(), point, { lowS: false, prehash: false, format: 'compact' });
}

/** Two numbers of 32 bytes, each turned round. */
function turned(pair: Uint8Array): Uint8Array {
  return concat(pair.slice(0, 32).reverse(), pair.slice(32).reverse());
}

function tenths(value: string): number {
  return Number(value.replace('.', '')) + 0;
}

/** One character a byte, so that places in the text are places in the file. */
function latin(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
