import { sha256 } from '@noble/hashes/sha2.js';

/** Bytes that claim to be evidence do not have its form. The message says which rule, and what stands there instead. */
export class Malformed extends Error {}

/** Two implementations gave two answers about one signature: then there is none. The message names the signature. */
export class CryptoDisagreement extends Error {}

export function refuse(message: string): never {
  throw new Malformed(message);
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGITS = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) DIGITS[BASE64.charCodeAt(i)] = i;

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function unhex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Standard base64 with padding in its one form, or null: white space and stray bits in the last digit are another spelling. */
export function base64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let at = 0, bits = 0, held = 0;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 128 ? DIGITS[code] : -1;
    if (digit < 0) return null;
    held = (held << 6) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : null;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const held = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    text += BASE64[held >> 18] + BASE64[(held >> 12) & 63] + (left > 1 ? BASE64[(held >> 6) & 63] : '=') + (left > 2 ? BASE64[held & 63] : '=');
  }
  return text;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes that are UTF-8 throughout; anything else is refused, never replaced. */
export function fromUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse(`The ${what} is not UTF-8.`);
  }
}

const EMPTY = sha256.create();
const STATE = EMPTY.clone();

/** SHA-256. One state is filled anew each time: a record has a hundred thousand small hashes, and making an object for each costs more than hashing. */
export function digest(bytes: Uint8Array): Uint8Array {
  const sum = new Uint8Array(32);
  EMPTY._cloneInto(STATE).update(bytes).digestInto(sum);
  return sum;
}

/** First and last four bytes, "5f3a91c0…0bc0c012": for people; never compared. */
export function short(hash: Uint8Array): string {
  const text = hex(hash);
  return `${text.slice(0, 8)}…${text.slice(-8)}`;
}

/** "2022-05-02 10:36:00 UTC". */
export function utc(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? `${wallMs} ms` : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
