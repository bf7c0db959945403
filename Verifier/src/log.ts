import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64, concat, CryptoDisagreement, equal, hex, refuse, short, utf8 } from './bytes.ts';
import { shorten } from './json.ts';

const NOTE_LENGTH_MAX = 256 * 1024;
/** The most hashes a proof can need in a tree of fewer than 2^63 entries. */
export const PATH_MAX = 63;
const PROOF_LENGTH_MAX = NOTE_LENGTH_MAX + 32 * 1024;

/** ASCII digits without sign or leading zeroes, 0 to 2^63 − 1; null for any other spelling. */
export function decimal(text: string): bigint | null {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) return null;
  const number = BigInt(text);
  return number < 1n << 63n ? number : null;
}

function digest64(text: string): Uint8Array | null {
  const bytes = base64(text);
  return bytes !== null && bytes.length === 32 ? bytes : null;
}

/** SHA-256(0x01 ‖ left ‖ right): RFC 6962's node. */
export function logNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(new Uint8Array([1]), left, right));
}

/** RFC 6962 inclusion. Null when the path leads from the leaf to the root; otherwise why not. */
export function inclusionFault(leaf: Uint8Array, index: bigint, size: bigint, path: Uint8Array[], root: Uint8Array): string | null {
  if (index < 0n || index >= size) return `Entry ${index} is not one of ${size}.`;
  let [at, last, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return `The inclusion path of entry ${index} of ${size} has ${path.length} hashes, more than the tree is high.`;
    if ((at & 1n) === 1n || at === last) {
      hash = logNode(sibling, hash);
      while ((at & 1n) === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n]; // Rows in which this node stands alone.
    } else {
      hash = logNode(hash, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) return `The inclusion path of entry ${index} of ${size} ends below the root: ${path.length} hashes.`;
  return equal(hash, root) ? null : `The inclusion path of entry ${index} of ${size} leads to ${short(hash)}; the root is ${short(root)}.`;
}

/** RFC 9162, 2.1.4.2, for 0 < old < new. Null when the path shows that the newer tree begins with all entries of the older; otherwise why not. */
export function consistencyFault(oldSize: bigint, oldRoot: Uint8Array, newSize: bigint, newRoot: Uint8Array, path: Uint8Array[]): string | null {
  const which = `The consistency proof from ${oldSize} to ${newSize}`;
  let [node, last] = [oldSize - 1n, newSize - 1n];
  while ((node & 1n) === 1n) [node, last] = [node >> 1n, last >> 1n];
  const fromOldRoot = node === 0n; // The older tree is one complete subtree: its root is the first hash, and is not sent.
  const first = fromOldRoot ? oldRoot : path[0];
  if (path.length === 0 || first === undefined) return `${which} is empty.`;
  let [oldHash, newHash] = [first, first];
  for (const sibling of path.slice(fromOldRoot ? 0 : 1)) {
    if (last === 0n) return `${which} has ${path.length} hashes, more than the tree is high.`;
    if ((node & 1n) === 1n || node === last) {
      [oldHash, newHash] = [logNode(sibling, oldHash), logNode(sibling, newHash)];
      while ((node & 1n) === 0n && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      newHash = logNode(newHash, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  if (last !== 0n) return `${which} ends below the root: ${path.length} hashes.`;
  if (!equal(oldHash, oldRoot)) return `The consistency proof leads to ${short(oldHash)} for ${oldSize} entries; the root is ${short(oldRoot)}.`;
  return equal(newHash, newRoot) ? null : `The consistency proof leads to ${short(newHash)} for ${newSize} entries; the root is ${short(newRoot)}.`;
}

// What .NET's char.IsWhiteSpace takes as white space, controls and the plus: none may stand in a key's name.
const NO_NAME = /[\u0000-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;

function isName(name: string): boolean {
  return name.length > 0 && !NO_NAME.test(name);
}

/** A key somebody trusts to sign notes: C2SP signed-note, types Ed25519 (1) and timestamped cosignature (4). */
export class NoteKey {
  readonly name: string;
  readonly type: number;
  readonly idHex: string;
  readonly publicKey: Uint8Array;
  private readonly answers = new Map<string, boolean>();
  private imported: Promise<CryptoKey> | null = null;

  constructor(vkey: string) {
    const [, name, id, key] = /^([^+]*)\+([^+]*)\+([\s\S]*)$/.exec(vkey) ?? refuse(`"${shorten(vkey)}" is not a verifier key: name+ID+key.`);
    if (vkey.length > 1024) refuse('A verifier key has at most 1024 characters.');
    const bytes = base64(key) ?? refuse(`The key of "${shorten(name)}" is not in base64.`);
    if (bytes[0] !== 1 && bytes[0] !== 4) {
      refuse(`The key of "${shorten(name)}" has signature type 0x${hex(bytes.subarray(0, 1))}; 0x01 and 0x04 are supported.`);
    }
    if (!isName(name)) refuse(`"${shorten(name)}" is not a key name: it is empty, or has a space, a plus or a control character.`);
    if (bytes.length !== 33) refuse(`The Ed25519 key of ${name} has ${bytes.length - 1} bytes instead of 32.`);
    this.name = name;
    this.type = bytes[0];
    this.publicKey = bytes.subarray(1);
    this.idHex = hex(sha256(concat(utf8(`${name}\n`), bytes)).subarray(0, 4));
    if (id !== this.idHex) refuse(`The verifier key of ${name} says ID "${shorten(id)}"; its key gives ${this.idHex}.`);
  }

  verify(text: Uint8Array, signature: Uint8Array): boolean {
    const parts = this.parts(text, signature);
    if (parts === null) return false;
    const question = hex(sha256(concat(parts.signature, parts.message)));
    const known = this.answers.get(question) ?? signedEd25519(parts.signature, parts.message, this.publicKey);
    this.answers.set(question, known);
    return known;
  }

  /**
   * Asks the browser's own Ed25519, whose answer then counts; where `twice`, ours as well. Throws {@link CryptoDisagreement} when they differ.
   * False where the browser has none, as some still do: our code then answers alone.
   */
  async ask(text: Uint8Array, signature: Uint8Array, twice: boolean): Promise<boolean> {
    const parts = this.parts(text, signature);
    if (parts === null) return true;
    const subtle = globalThis.crypto?.subtle;
    if (subtle === undefined) return false;
    let theirs: boolean;
    try {
      this.imported ??= subtle.importKey('raw', this.publicKey as BufferSource, { name: 'Ed25519' }, false, ['verify']);
      theirs = await subtle.verify({ name: 'Ed25519' }, await this.imported, parts.signature as BufferSource, parts.message as BufferSource);
    } catch (broken) {
      if (broken instanceof DOMException || broken instanceof TypeError) return false;
      throw broken;
    }
    if (twice && theirs !== signedEd25519(parts.signature, parts.message, this.publicKey)) throw new CryptoDisagreement(`Ed25519, ${this.name}`);
    this.answers.set(hex(sha256(concat(parts.signature, parts.message))), theirs);
    return true;
  }

  /** What is signed by which 64 bytes; null when the bytes cannot be a signature of this key's type. */
  parts(text: Uint8Array, signature: Uint8Array): { signature: Uint8Array; message: Uint8Array } | null {
    if (this.type === 1) return signature.length === 64 ? { signature, message: text } : null;
    const seconds = cosignatureSeconds(signature);
    return seconds === null ? null : { signature: signature.subarray(8), message: concat(utf8(`cosignature/v1\ntime ${seconds}\n`), text) };
  }
}

function signedEd25519(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  return signature.length === 64 && ed25519.verify(signature, message, key, { zip215: false });
}

/** The time in a cosignature's 72 bytes; null when they cannot be one. */
export function cosignatureSeconds(bytes: Uint8Array): bigint | null {
  if (bytes.length !== 72) return null;
  const seconds = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0);
  return seconds >= 0n ? seconds : null;
}

/** Asks the browser about every signature of these keys on a note; false where it has no Ed25519. */
export async function askBrowser(note: Note, keys: NoteKey[], twice: boolean): Promise<boolean> {
  const text = utf8(note.text);
  for (const signature of note.signatures) {
    const key = keys.find((known) => isBy(signature, known));
    if (key !== undefined && !await key.ask(text, signature.bytes, twice)) return false;
  }
  return true;
}

export interface NoteSignature { name: string; idHex: string; bytes: Uint8Array }
export interface VerifiedSignature { key: NoteKey; seconds: bigint | null }

/** A text and its signatures, C2SP signed-note. Nothing in it is believed until keys were asked. */
export interface Note { text: string; signatures: NoteSignature[]; whole: string }

export function parseNote(note: string): Note {
  if (note.length > NOTE_LENGTH_MAX) refuse(`The note has ${note.length} bytes; ${NOTE_LENGTH_MAX} are allowed.`);
  const control = /[\u0000-\u0009\u000b-\u001f]/.exec(note);
  if (control !== null) refuse(`The note holds a control character at character ${control.index}.`);
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || split + 2 === note.length || !note.endsWith('\n')) {
    refuse('The note does not end with an empty line and at least one signature line.');
  }
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > 100) refuse(`The note has ${lines.length} signatures; 100 are allowed.`);
  return { text: note.slice(0, split + 1), signatures: lines.map(readSignature), whole: note };
}

function readSignature(line: string, number: number): NoteSignature {
  const parts = line.split(' ');
  if (parts.length !== 3 || parts[0] !== '—' || !isName(parts[1])) {
    refuse(`Signature line ${number + 1} is not an em dash, a key name and a signature: "${shorten(line)}".`);
  }
  const bytes = base64(parts[2]);
  if (bytes === null || bytes.length <= 4) return refuse(`The signature of "${shorten(parts[1])}" is not the base64 of a key ID and a signature.`);
  return { name: parts[1], idHex: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
}

export function isBy(signature: NoteSignature, key: NoteKey): boolean {
  return signature.name === key.name && signature.idHex === key.idHex;
}

/** Asks the keys that somebody trusts; others' signatures are ignored, whatever they say. A wrong one of a known key spoils the note. */
export function checkNote(note: Note, keys: NoteKey[]): { verified: VerifiedSignature[]; reason: string } {
  const verified: VerifiedSignature[] = [];
  const text = utf8(note.text);
  for (const signature of note.signatures) {
    const key = keys.find((known) => isBy(signature, known));
    if (key === undefined) continue;
    if (!key.verify(text, signature.bytes)) {
      return { verified: [], reason: `The signature of ${key.name} (key ${key.idHex}) does not fit the text.` };
    }
    if (verified.every((earlier) => earlier.key !== key)) verified.push({ key, seconds: cosignatureSeconds(signature.bytes) });
  }
  return { verified, reason: verified.length > 0 ? '' : `None of the ${note.signatures.length} signatures is by a known key.` };
}

export interface Checkpoint { origin: string; size: bigint; root: Uint8Array }

export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.length <= 3 || lines[lines.length - 1] !== '') {
    refuse('A checkpoint has at least three lines, each ended by a newline: origin, size, root.');
  }
  const empty = lines.indexOf('');
  if (empty < lines.length - 1) refuse(`Line ${empty + 1} of the checkpoint is empty.`);
  const size = decimal(lines[1]) ?? refuse(`The checkpoint's size is "${shorten(lines[1])}", not a decimal number in its shortest form.`);
  const root = digest64(lines[2]) ?? refuse(`The checkpoint's root is "${shorten(lines[2])}", not the base64 of 32 bytes.`);
  return { origin: lines[0], size, root };
}

/** A C2SP tlog-proof: our receipt. */
export interface TlogProof { index: bigint; path: Uint8Array[]; note: Note; checkpoint: Checkpoint }

export function parseProof(text: string): TlogProof {
  const split = text.length > PROOF_LENGTH_MAX ? -1 : text.indexOf('\n\n');
  if (split < 0) refuse(`The proof has no empty line before its checkpoint, or more than ${PROOF_LENGTH_MAX} characters.`);
  const lines = text.slice(0, split).split('\n');
  const first = lines.shift() ?? '';
  if (first !== 'c2sp.org/tlog-proof@v1') refuse(`The proof starts with "${shorten(first)}" instead of "c2sp.org/tlog-proof@v1".`);
  if (lines[0]?.startsWith('extra ')) {
    const extra = base64((lines.shift() ?? '').slice(6));
    if (extra === null || extra.length === 0 || extra.length > 16 * 1024) refuse("The proof's extra line is not the base64 of 1 to 16384 bytes.");
  }
  const line = lines.shift() ?? '';
  const index = (line.startsWith('index ') ? decimal(line.slice(6)) : null)
    ?? refuse(`The proof has "${shorten(line)}" where "index" and a decimal number belong.`);
  if (lines.length > 63) refuse(`The proof's path has ${lines.length} hashes; no log needs more than 63.`);
  const path = lines.map((hash) => digest64(hash) ?? refuse(`The proof's path holds "${shorten(hash)}", not the base64 of 32 bytes.`));
  const note = parseNote(text.slice(split + 2));
  return { index, path, note, checkpoint: parseCheckpoint(note.text) };
}
