import { digest, equal } from './bytes.ts';

/** Most places of one batch's tree. */
export const LEAVES_MAX = 65_536;

export interface PlacedHash { index: number; hash: Uint8Array }

export type TreeFault = 'None' | 'Empty' | 'CommittedCountOutOfRange' | 'CutShort' | 'ImpossibleLeafCount' | 'RootShownAsLeaf'
  | 'FewerLeavesThanCommitted' | 'MoreLeavesThanCommitted' | 'SizeNotMinimal' | 'ImpossibleHashCount' | 'TrailingBytes' | 'FlagsRunOut'
  | 'HashesRunOut' | 'FlagWithoutLeaf' | 'EqualSiblings' | 'SurplusHashes' | 'SurplusFlagBytes' | 'PaddingNotZero' | 'LeavesNotAscending'
  | 'LeafOutsideTree' | 'NotWholeHashes';

/** A root and the leaves bound to it, or the first rule that the proof breaks. */
export interface TreeCheck { fault: TreeFault; reason: string; root: Uint8Array; leaves: PlacedHash[] }

class Break extends Error {
  constructor(readonly fault: TreeFault, reason: string) {
    super(reason);
  }
}

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(1 + leaf.length);
  prefixed.set(leaf, 1);
  return digest(prefixed);
}

/** SHA-256(SHA-256(left ‖ right)): Bitcoin's node. */
export function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return digest(digest(pair));
}

function widthAt(leaves: number, height: number): number {
  return Math.floor((leaves + 2 ** height - 1) / 2 ** height);
}

function heightOf(leaves: number): number {
  let height = 0;
  while (widthAt(leaves, height) > 1) height++;
  return height;
}

function guarded(run: () => { root: Uint8Array; leaves: PlacedHash[] }): TreeCheck {
  try {
    return { fault: 'None', reason: '', ...run() };
  } catch (broken) {
    if (broken instanceof Break) return { fault: broken.fault, reason: broken.message, root: new Uint8Array(32), leaves: [] };
    throw broken;
  }
}

/** Checks a BIP 37 partial tree, strictly: one set of leaves has one encoding, and every other is refused. */
export function verifyPartialTree(bytes: Uint8Array, committed: number): TreeCheck {
  return guarded(() => {
    checkCount(bytes, committed);
    let at = 4;
    const compact = (what: string): number => {
      const [value, length] = compactSize(bytes.subarray(at), `The ${what} at byte ${at}`);
      at += length;
      return value;
    };
    const hashCount = compact('hash count');
    if (hashCount > committed) {
      throw new Break('ImpossibleHashCount', `${hashCount} hashes are claimed for a tree of ${committed} leaves.`);
    }
    if (bytes.length - at < 32 * hashCount) {
      throw new Break('CutShort', `${hashCount} hashes need ${32 * hashCount} bytes; ${bytes.length - at} are left.`);
    }
    const hashes = bytes.subarray(at, at + 32 * hashCount);
    at += 32 * hashCount;
    const flagBytes = compact('flag byte count');
    const left = bytes.length - at;
    if (flagBytes > left) throw new Break('CutShort', `${flagBytes} flag bytes are claimed; ${left} are left.`);
    if (flagBytes < left) throw new Break('TrailingBytes', `${left - flagBytes} bytes follow the last flag byte.`);
    return new ProofWalk(hashes, bytes.subarray(at), committed).run();
  });
}

function checkCount(bytes: Uint8Array, expected: number): void {
  if (bytes.length === 0) throw new Break('Empty', 'There is no tree: zero bytes.');
  if (expected < 1 || expected > LEAVES_MAX) {
    throw new Break('CommittedCountOutOfRange', `The committed leaf count is ${expected}; 1 to ${LEAVES_MAX} are possible.`);
  }
  if (bytes.length < 4) throw new Break('CutShort', `The leaf count needs 4 bytes; there are ${bytes.length}.`);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const sentence = `The tree claims ${claimed} leaves; the header commits ${expected}.`;
  if (claimed === 0) throw new Break('Empty', 'The tree claims to have no leaves.');
  if (claimed > LEAVES_MAX) throw new Break('ImpossibleLeafCount', `The tree claims ${claimed} leaves; ${LEAVES_MAX} are possible.`);
  if (claimed === 1 && expected > 1) {
    throw new Break('RootShownAsLeaf', `The tree claims one leaf, which would be its root; the header commits ${expected}.`);
  }
  if (claimed < expected) throw new Break('FewerLeavesThanCommitted', sentence);
  if (claimed > expected) throw new Break('MoreLeavesThanCommitted', sentence);
}

function compactSize(bytes: Uint8Array, what: string): [number, number] {
  const first = bytes[0] ?? 0;
  const length = first < 0xfd ? 0 : 1 << (first - 0xfc);
  if (bytes.length < 1 + length) throw new Break('CutShort', `${what} is cut short.`);
  if (length === 0) return [first, 1];
  let value = 0;
  for (let i = length; i > 0; i--) value = value * 256 + bytes[i];
  const smallest = length === 2 ? 0xfd : length === 4 ? 2 ** 16 : 2 ** 32;
  if (value < smallest) throw new Break('SizeNotMinimal', `${what} is not written in its shortest form.`);
  return [value, 1 + length];
}

/** The walk over the bytes as they lie, depth first from the root. It stops at the first fault. */
class ProofWalk {
  private readonly leaves: PlacedHash[] = [];
  private hashesUsed = 0;
  private flagsUsed = 0;

  constructor(private readonly hashes: Uint8Array, private readonly flags: Uint8Array, private readonly count: number) {}

  run(): { root: Uint8Array; leaves: PlacedHash[] } {
    const root = this.walk(heightOf(this.count), 0);
    const given = this.hashes.length / 32;
    if (this.hashesUsed < given) throw new Break('SurplusHashes', `${given} hashes are given; the walk used ${this.hashesUsed}.`);
    const used = Math.ceil(this.flagsUsed / 8);
    if (used < this.flags.length) {
      throw new Break('SurplusFlagBytes', `${this.flags.length} flag bytes are given; the walk used ${used}.`);
    }
    const padding = this.flagsUsed % 8 === 0 ? 0 : this.flags[used - 1] >> this.flagsUsed % 8;
    if (padding !== 0) throw new Break('PaddingNotZero', `The walk used ${this.flagsUsed} flags; the last byte has bits set beyond them.`);
    return { root, leaves: this.leaves };
  }

  private walk(height: number, place: number): Uint8Array {
    if (this.flagsUsed >= this.flags.length * 8) {
      throw new Break('FlagsRunOut', `The walk needs flag ${this.flagsUsed}; ${this.flags.length} flag bytes are given.`);
    }
    const shown = ((this.flags[this.flagsUsed >> 3] >> this.flagsUsed % 8) & 1) === 1;
    this.flagsUsed++;
    return height === 0 || !shown ? this.take(height, place, shown) : this.children(height, place);
  }

  private take(height: number, place: number, shown: boolean): Uint8Array {
    const offset = 32 * this.hashesUsed;
    if (offset >= this.hashes.length) {
      throw new Break('HashesRunOut', `The walk needs hash ${this.hashesUsed}; ${this.hashesUsed} are given.`);
    }
    this.hashesUsed++;
    const hash = this.hashes.subarray(offset, offset + 32);
    if (height === 0 && shown) this.leaves.push({ index: place, hash });
    return hash;
  }

  private children(height: number, place: number): Uint8Array {
    const before = this.leaves.length;
    const left = this.walk(height - 1, 2 * place);
    let right = left;
    if (2 * place + 1 < widthAt(this.count, height - 1)) {
      right = this.walk(height - 1, 2 * place + 1);
      requireDifferent(left, right, height, place);
    }
    if (this.leaves.length === before) {
      throw new Break('FlagWithoutLeaf', `Node ${place}, ${height} rows above the leaves, is flagged, but no shown leaf lies below it.`);
    }
    return node(left, right);
  }
}

function requireDifferent(left: Uint8Array, right: Uint8Array, height: number, place: number): void {
  if (equal(left, right)) {
    throw new Break('EqualSiblings', `Nodes ${2 * place} and ${2 * place + 1}, ${height - 1} rows above the leaves, are equal.`);
  }
}

/** Joins rebuilt leaves and siblings to a root. */
export function verifySiblingPath(siblings: Uint8Array, count: number, known: PlacedHash[]): TreeCheck {
  return guarded(() => {
    if (count < 1 || count > LEAVES_MAX) {
      throw new Break('CommittedCountOutOfRange', `The committed leaf count is ${count}; 1 to ${LEAVES_MAX} are possible.`);
    }
    if (siblings.length % 32 !== 0) {
      throw new Break('NotWholeHashes', `${siblings.length} bytes of siblings are not a multiple of 32.`);
    }
    known.forEach(({ index }, i) => {
      if (index < 0 || index >= count) throw new Break('LeafOutsideTree', `Leaf ${index} is not one of ${count}.`);
      if (i > 0 && known[i - 1].index >= index) {
        throw new Break('LeavesNotAscending', `Leaf ${index} follows leaf ${known[i - 1].index}; the order is strictly ascending.`);
      }
    });
    return new PathWalk(siblings, count, known).run();
  });
}

class PathWalk {
  private used = 0;

  constructor(private readonly siblings: Uint8Array, private readonly count: number, private readonly known: PlacedHash[]) {}

  run(): { root: Uint8Array; leaves: PlacedHash[] } {
    const root = this.walk(heightOf(this.count), 0, 0, this.known.length);
    if (this.used < this.siblings.length) {
      throw new Break('SurplusHashes', `${this.siblings.length / 32} siblings are given; the walk used ${this.used / 32}.`);
    }
    return { root, leaves: this.known };
  }

  /** The node at a place, with the known leaves from..to below it. */
  private walk(height: number, place: number, from: number, to: number): Uint8Array {
    if (from === to) return this.take();
    if (height === 0) return this.known[from].hash; // Strictly ascending indices leave exactly one in a leaf's own range.
    const middle = (2 * place + 1) * 2 ** (height - 1);
    let split = from;
    for (let high = to; split < high;) {
      const probe = (split + high) >> 1;
      if (this.known[probe].index < middle) split = probe + 1;
      else high = probe;
    }
    const left = this.walk(height - 1, 2 * place, from, split);
    if (2 * place + 1 >= widthAt(this.count, height - 1)) return node(left, left);
    const right = this.walk(height - 1, 2 * place + 1, split, to);
    requireDifferent(left, right, height, place);
    return node(left, right);
  }

  private take(): Uint8Array {
    if (this.used === this.siblings.length) {
      throw new Break('HashesRunOut', `The walk needs sibling ${this.used / 32}; ${this.used / 32} are given.`);
    }
    this.used += 32;
    return this.siblings.subarray(this.used - 32, this.used);
  }
}
