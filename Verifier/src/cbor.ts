import { fromUtf8, refuse } from './bytes.ts';

/** Deterministic CBOR (RFC 8949, 4.2.1): one way to write a thing, and any other way is refused. */
export class CborReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array, private readonly what: string) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Whether the next item is null. */
  get isNull(): boolean {
    return this.bytes[this.at] === 0xf6;
  }

  array(length: number, what: string): void {
    const found = this.arrayUpTo(Number.MAX_SAFE_INTEGER, what);
    if (found !== length) refuse(`The ${what} has ${found} fields, not ${length}.`);
  }

  arrayUpTo(max: number, what: string): number {
    const found = this.head(4, what);
    if (found > max) refuse(`There are ${found} ${what}; at most ${max} are allowed.`);
    if (found > this.left) refuse(`The ${this.what} ends inside its ${what}.`);
    return found;
  }

  map(length: number, what: string): void {
    const found = this.head(5, what);
    if (found !== length) refuse(`The ${what} has ${found} fields, not ${length}.`);
  }

  tag(expected: number, what: string): void {
    const found = this.head(6, what);
    if (found !== expected) refuse(`The ${what} is tagged ${found}, not ${expected}.`);
  }

  byteString(min: number, max: number, what: string): Uint8Array {
    const bytes = this.take(this.head(2, what), what);
    if (bytes.length < min || bytes.length > max) {
      refuse(`The ${what} has ${bytes.length} bytes, not ${min === max ? min : `${min} to ${max}`}.`);
    }
    return bytes;
  }

  digest(what: string): Uint8Array {
    return this.byteString(32, 32, what);
  }

  text(max: number, what: string): string {
    const text = fromUtf8(this.take(this.head(3, what), what), what);
    if (text.length > max) refuse(`The ${what} has ${text.length} characters; at most ${max} are allowed.`);
    return text;
  }

  /** A whole number within the range of 64 bits; beyond 2^53 only its magnitude is kept, which every range check refuses. */
  whole(what: string): number {
    const negative = this.bytes[this.at] >> 5 === 1;
    const value = this.head(negative ? 1 : 0, what);
    if (value >= 2 ** 63) refuse(`The ${what} does not fit 64 bits.`);
    return negative ? -1 - value : value;
  }

  integer(min: number, max: number, what: string): number {
    const value = this.whole(what);
    if (value < min || value > max) refuse(`The ${what} is ${value}; ${min} to ${max} are allowed.`);
    return value;
  }

  integerOrNull(min: number, max: number, what: string): number | null {
    if (!this.isNull) return this.integer(min, max, what);
    this.at++;
    return null;
  }

  end(): void {
    if (this.left !== 0) refuse(`${this.left} bytes stand after the ${this.what}.`);
  }

  /** Passes over one item of any kind, held to the same strictness. */
  skip(): void {
    const major = this.need(1)[0] >> 5;
    if (major === 7) {
      this.skipSimple();
      return;
    }
    const value = this.head(major, 'skipped item');
    if (major === 2) this.take(value, 'skipped bytes');
    if (major === 3) fromUtf8(this.take(value, 'skipped text'), 'skipped text');
    if (major === 6) this.skip();
    if (major === 4) {
      if (value > this.left) refuse(`The ${this.what} ends inside a skipped array.`);
      for (let i = 0; i < value; i++) this.skip();
    }
    if (major === 5) this.skipMap(value);
  }

  private skipMap(count: number): void {
    if (count > this.left) refuse(`The ${this.what} ends inside a skipped map.`);
    let before: Uint8Array | null = null;
    for (let i = 0; i < count; i++) {
      const start = this.at;
      this.skip();
      const key: Uint8Array = this.bytes.subarray(start, this.at);
      if (before !== null && !rises(before, key)) refuse(`The keys of a map in the ${this.what} do not rise.`);
      before = key;
      this.skip();
    }
  }

  private skipSimple(): void {
    const info = this.take(1, 'skipped item')[0] & 31;
    if (info < 24) return;
    if (info > 27) refuse(`The ${this.what} holds an item of no stated length.`);
    const value = this.take(1 << (info - 24), 'skipped item');
    if (info === 24 && value[0] < 32) refuse(`The ${this.what} writes a simple value longer than it need be.`);
  }

  private head(major: number, what: string): number {
    const first = this.need(1)[0];
    if (first >> 5 !== major) refuse(`In the ${this.what} something else stands where the ${what} belongs.`);
    this.at++;
    const info = first & 31;
    if (info < 24) return info;
    if (info > 27) refuse(`The ${what} has no stated length, or a form that does not exist.`);
    let value = 0;
    for (const byte of this.take(1 << (info - 24), what)) value = value * 256 + byte;
    if (value < [24, 256, 65_536, 2 ** 32][info - 24]) refuse(`The ${what} is written longer than it need be.`);
    return value;
  }

  private need(length: number): Uint8Array {
    if (length > this.left) refuse(`The ${this.what} ends too early.`);
    return this.bytes.subarray(this.at, this.at + length);
  }

  private take(length: number, what: string): Uint8Array {
    if (length > this.left) refuse(`The ${this.what} ends inside its ${what}.`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Reads one whole item; the length is checked before anything is parsed. */
export function readCbor<T>(what: string, bytes: Uint8Array, lengthMax: number, read: (reader: CborReader) => T): T {
  if (bytes.length > lengthMax) refuse(`The ${what} has ${bytes.length} bytes; at most ${lengthMax} are allowed.`);
  const reader = new CborReader(bytes, what);
  const item = read(reader);
  reader.end();
  return item;
}

// RFC 7049's canonical order, shorter keys first, as the reference reader has it.
function rises(before: Uint8Array, key: Uint8Array): boolean {
  if (before.length !== key.length) return before.length < key.length;
  for (let i = 0; i < key.length; i++) if (before[i] !== key[i]) return before[i] < key[i];
  return false;
}

/** Writes deterministic CBOR into a buffer that the caller bounds. */
export class CborWriter {
  private at = 0;

  constructor(private readonly buffer: Uint8Array) {}

  head(major: number, value: number): this {
    const first = major << 5;
    if (value < 24) this.buffer[this.at++] = first | value;
    else if (value < 256) this.raw(first | 24, value, 1);
    else if (value < 65_536) this.raw(first | 25, value, 2);
    else if (value < 2 ** 32) this.raw(first | 26, value, 4);
    else this.raw(first | 27, value, 8);
    return this;
  }

  integer(value: number): this {
    return value < 0 ? this.head(1, -1 - value) : this.head(0, value);
  }

  integerOrNull(value: number | null): this {
    if (value !== null) return this.integer(value);
    this.buffer[this.at++] = 0xf6;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.head(2, bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** What was written so far; a view, valid until the buffer is used again. */
  get written(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }

  restart(): this {
    this.at = 0;
    return this;
  }

  private raw(first: number, value: number, length: number): void {
    this.buffer[this.at] = first;
    for (let i = length; i > 0; i--) {
      this.buffer[this.at + i] = value % 256;
      value = Math.floor(value / 256);
    }
    this.at += 1 + length;
  }
}
