import { refuse } from '../bytes.ts';

// RFC 1951 in one pass. The browser's own decompressor has no bound on what comes out and forgives what stands behind the end.

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
  12289, 16385, 24577];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const CODE_LENGTH_MAX = 15;

/** A canonical prefix code: how many codes there are of each length, and the symbols in the order of their codes. */
interface Code { counts: Uint16Array; symbols: Uint16Array }

export interface Inflated { bytes: Uint8Array; consumed: number }

/**
 * Expands a zlib stream (RFC 1950), its checksum included, to at most `max` bytes. Throws Malformed for everything else;
 * `what` names the stream in the message. What stands after the stream is the caller's question: see `consumed`.
 */
export function unzlib(bytes: Uint8Array, max: number, what: string): Inflated {
  const form = bytes.length < 8 ? 0 : (bytes[0] << 8) | bytes[1]; // Deflate, a window of at most 32 KiB, no dictionary.
  if ((form >> 8 & 15) !== 8 || form >> 12 > 7 || form % 31 !== 0 || (form & 32) !== 0) {
    refuse(`The ${what} is not a zlib stream.`);
  }
  const flow = new Inflation(bytes, 2, max, what);
  const expanded = flow.run();
  const at = flow.end;
  if (at + 4 > bytes.length) refuse(`The ${what} ends too early.`);
  const sum = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  if (sum !== adler(expanded)) refuse(`The checksum of the ${what} does not fit.`);
  return { bytes: expanded, consumed: at + 4 };
}

function adler(bytes: Uint8Array): number {
  let a = 1, b = 0;
  for (let i = 0; i < bytes.length;) {
    for (const end = Math.min(bytes.length, i + 3800); i < end; i++) b += a += bytes[i];
    a %= 65_521;
    b %= 65_521;
  }
  return (b * 65_536 + a) >>> 0;
}

class Inflation {
  private out: Uint8Array;
  private length = 0;
  private held = 0;
  private bits = 0;

  constructor(private readonly bytes: Uint8Array, private at: number, private readonly max: number, private readonly what: string) {
    this.out = new Uint8Array(Math.min(max, 4 * bytes.length + 64));
  }

  /** Where the first byte after the deflate stream stands. */
  get end(): number {
    return this.at;
  }

  run(): Uint8Array {
    let last = 0;
    do {
      last = this.take(1);
      const kind = this.take(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.block(FIXED_LITERALS, FIXED_DISTANCES);
      else if (kind === 2) this.dynamic();
      else this.broken();
    } while (last === 0);
    return this.out.subarray(0, this.length);
  }

  private take(count: number): number {
    while (this.bits < count) {
      if (this.at >= this.bytes.length) refuse(`The ${this.what} ends too early.`);
      this.held |= this.bytes[this.at++] << this.bits;
      this.bits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.bits -= count;
    return value;
  }

  private symbol(code: Code): number {
    let value = 0, first = 0, index = 0;
    for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
      value |= this.take(1);
      const count = code.counts[length];
      if (value - count < first) return code.symbols[index + value - first];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return this.broken();
  }

  private stored(): void {
    this.held = this.bits = 0; // Never a whole byte: take() reads no further than it must.
    const length = this.take(16);
    if (this.take(16) !== (length ^ 0xffff)) this.broken();
    if (this.at + length > this.bytes.length) refuse(`The ${this.what} ends too early.`);
    this.room(length);
    this.out.set(this.bytes.subarray(this.at, this.at + length), this.length);
    this.at += length;
    this.length += length;
  }

  private dynamic(): void {
    const [literals, distances, codes] = [this.take(5) + 257, this.take(5) + 1, this.take(4) + 4];
    if (literals > 286 || distances > 30) this.broken();
    const lengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) lengths[CODE_ORDER[i]] = this.take(3);
    const code = this.code(lengths);
    const all = new Uint8Array(literals + distances);
    for (let i = 0; i < all.length;) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) this.broken();
      const before = symbol === 16 ? all[i - 1] : 0;
      const repeat = symbol === 16 ? 3 + this.take(2) : symbol === 17 ? 3 + this.take(3) : 11 + this.take(7);
      if (i + repeat > all.length) this.broken();
      all.fill(before, i, i + repeat);
      i += repeat;
    }
    if (all[256] === 0) this.broken();
    this.block(this.code(all.subarray(0, literals)), this.code(all.subarray(literals)));
  }

  private code(lengths: Uint8Array): Code {
    return canonical(lengths) ?? this.broken();
  }

  private block(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.room(1);
        this.out[this.length++] = symbol;
        continue;
      }
      if (symbol > 285) this.broken();
      const length = LENGTHS[symbol - 257] + this.take(LENGTH_BITS[symbol - 257]);
      const far = this.symbol(distances);
      if (far > 29) this.broken();
      const distance = DISTANCES[far] + this.take(DISTANCE_BITS[far]);
      if (distance > this.length) this.broken();
      this.room(length);
      for (let i = 0; i < length; i++, this.length++) this.out[this.length] = this.out[this.length - distance];
    }
  }

  /** Checked before anything is written: a small file cannot make us hold a large one. */
  private room(more: number): void {
    const need = this.length + more;
    if (need > this.max) refuse(`The ${this.what} expands to more than ${this.max} bytes.`);
    if (need <= this.out.length) return;
    const larger = new Uint8Array(Math.min(this.max, Math.max(need, 2 * this.out.length)));
    larger.set(this.out.subarray(0, this.length));
    this.out = larger;
  }

  private broken(): never {
    return refuse(`The ${this.what} is not well compressed.`);
  }
}

/** The code of the given lengths; null where more codes are asked for than there are, or fewer (but for a single one). */
function canonical(lengths: Uint8Array): Code | null {
  const counts = new Uint16Array(CODE_LENGTH_MAX + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  let left = 1, used = 0;
  const offsets = new Uint16Array(CODE_LENGTH_MAX + 2);
  for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
    left = 2 * left - counts[length];
    if (left < 0) return null;
    used += counts[length];
    offsets[length + 1] = offsets[length] + counts[length];
  }
  if (left > 0 && (used > 1 || (used === 1 && counts[1] !== 1))) return null;
  const symbols = new Uint16Array(used);
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]++] = symbol;
  });
  return { counts, symbols };
}

const fixed = Uint8Array.from({ length: 288 }, (_, i) => i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
const FIXED_LITERALS = canonical(fixed) as Code;
const FIXED_DISTANCES: Code = {
  counts: Uint16Array.from({ length: 16 }, (_, i) => i === 5 ? 30 : 0), symbols: Uint16Array.from({ length: 30 }, (_, i) => i),
};
