import { concat, Malformed, refuse } from '../bytes.ts';
import { BUNDLE_LENGTH_MAX } from '../bundle.ts';
import { unzlib } from './inflate.ts';

export const PDF_LENGTH_MAX = 128 * 1024 * 1024;
const OBJECTS_MAX = 200_000;
const ATTACHMENTS_MAX = 100;
const DEPTH_MAX = 40;
/** Most bytes of one text in a PDF, such as a signature. */
const TEXT_MAX = 16 * 1024 * 1024;

export interface Attachment { name: string; bytes: Uint8Array }

/**
 * The files that a PDF carries. Objects are gathered from the front, the last of a number counting, as incremental updates are meant;
 * cross-reference tables are not needed. This need not be hardened against a PDF that means different things to different readers: what
 * is found inside proves itself or does not, and the printed pages prove nothing.
 */
export function attachments(bytes: Uint8Array): Attachment[] {
  if (bytes.length > PDF_LENGTH_MAX) refuse(`The PDF has ${bytes.length} bytes; at most ${PDF_LENGTH_MAX} are read.`);
  const file = new PdfFile(bytes);
  const found: Attachment[] = [];
  file.names((name, spec) => {
    if (found.length === ATTACHMENTS_MAX) refuse(`The PDF carries more than ${ATTACHMENTS_MAX} files.`);
    const stream = file.resolve(asMap(file.resolve(spec.get('EF')))?.get('UF') ?? asMap(file.resolve(spec.get('EF')))?.get('F'));
    if (!(stream instanceof Stream)) return;
    const label = spec.get('UF') ?? spec.get('F');
    found.push({ name: label instanceof Uint8Array ? text(label) : name, bytes: file.expand(stream, BUNDLE_LENGTH_MAX) });
  });
  return found;
}

export type PdfAnswer = { is: 'bundle'; name: string; bytes: Uint8Array } | { is: 'none' | 'several'; names: string[] }
  | { is: 'broken'; reason: string };

/** The one proof bundle that a PDF carries, or why there is none. Never throws for anything that stands in the file. */
export function bundleOfPdf(bytes: Uint8Array): PdfAnswer {
  try {
    const all = attachments(bytes);
    const proofs = all.filter(({ name }) => name.endsWith('.coldproof.json'));
    if (proofs.length === 1) return { is: 'bundle', ...proofs[0] };
    return { is: proofs.length === 0 ? 'none' : 'several', names: (proofs.length === 0 ? all : proofs).map(({ name }) => name) };
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken;
    return { is: 'broken', reason: broken.message };
  }
}

class Name { constructor(readonly value: string) {} }
class Ref { constructor(readonly number: number) {} }
class Stream { constructor(readonly dictionary: Dictionary, readonly bytes: Uint8Array) {} }
type Dictionary = Map<string, Value>;
type Value = null | boolean | number | Name | Ref | Uint8Array | Value[] | Dictionary | Stream;

const asMap = (value: Value | undefined): Dictionary | undefined =>
  value instanceof Map ? value : value instanceof Stream ? value.dictionary : undefined;

class PdfFile {
  private readonly objects = new Map<number, Value>();
  private root: Dictionary | undefined;
  private expandedLeft = 2 * BUNDLE_LENGTH_MAX;

  constructor(private readonly bytes: Uint8Array) {
    this.gather();
    if (this.root === undefined) refuse('The PDF has no catalog: it is cut short or damaged.');
  }

  resolve(value: Value | undefined): Value | undefined {
    for (let hops = 0; value instanceof Ref; hops++) {
      if (hops === DEPTH_MAX) refuse('The references in the PDF run in a circle.');
      value = this.objects.get(value.number);
    }
    return value;
  }

  /** Walks the tree of names of embedded files. */
  names(visit: (name: string, spec: Dictionary) => void): void {
    const tree = asMap(this.resolve(asMap(this.resolve(this.root?.get('Names')))?.get('EmbeddedFiles')));
    if (tree !== undefined) this.walk(tree, 0, visit);
  }

  private walk(node: Dictionary, depth: number, visit: (name: string, spec: Dictionary) => void): void {
    if (depth === DEPTH_MAX) refuse("The PDF's tree of names is too deep.");
    const pairs = this.resolve(node.get('Names'));
    if (Array.isArray(pairs)) {
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const [name, spec] = [this.resolve(pairs[i]), asMap(this.resolve(pairs[i + 1]))];
        if (spec !== undefined) visit(name instanceof Uint8Array ? text(name) : '', spec);
      }
    }
    const kids = this.resolve(node.get('Kids'));
    if (!Array.isArray(kids)) return;
    if (kids.length > ATTACHMENTS_MAX) refuse(`The PDF carries more than ${ATTACHMENTS_MAX} files.`);
    for (const kid of kids) {
      const next = asMap(this.resolve(kid));
      if (next !== undefined) this.walk(next, depth + 1, visit);
    }
  }

  /** A stream's content: as it is, or through FlateDecode. Bounded each and all together. */
  expand(stream: Stream, max: number): Uint8Array {
    const filter = this.resolve(stream.dictionary.get('Filter'));
    const listed = Array.isArray(filter) ? filter : [filter ?? null];
    const filters = listed.map((item) => this.resolve(item) ?? null).filter((item) => item !== null);
    const parameters = this.resolve(stream.dictionary.get('DecodeParms'));
    for (const item of Array.isArray(parameters) ? parameters : [parameters]) {
      const predictor = asMap(this.resolve(item))?.get('Predictor') ?? 1;
      if (predictor !== 1) refuse('The PDF packs an attached file with a predictor, which this reader does not know.');
    }
    let content = stream.bytes;
    for (const each of filters) {
      if (!(each instanceof Name) || each.value !== 'FlateDecode') {
        refuse('The PDF packs an attached file in a way that this reader does not know.');
      }
      content = unzlib(content, Math.min(max, this.expandedLeft), 'attached file').bytes;
      this.expandedLeft -= content.length;
    }
    return content;
  }

  private gather(): void {
    const reader = new PdfReader(this.bytes);
    const late: [number, Dictionary, number][] = []; // Streams whose length is itself an object, perhaps a later one.
    for (let token = reader.word(); token !== null; token = reader.word()) {
      if (token === 'trailer') this.trailer(asMap(reader.value(0)));
      const number = reader.objectNumber(token);
      if (number === null) continue;
      if (this.objects.size === OBJECTS_MAX) refuse(`The PDF has more than ${OBJECTS_MAX} objects.`);
      const value = reader.value(0);
      const start = reader.streamStart();
      if (start === null || !(value instanceof Map)) {
        this.objects.set(number, value);
        continue;
      }
      const length = value.get('Length');
      const end = reader.streamEnd(start, typeof length === 'number' ? length : null);
      if (length instanceof Ref) late.push([number, value, start]);
      this.objects.set(number, new Stream(value, this.bytes.subarray(start, end)));
      this.crossReference(value);
    }
    for (const [number, dictionary, start] of late) {
      const length = this.resolve(dictionary.get('Length'));
      const current = this.objects.get(number);
      if (typeof length === 'number' && current instanceof Stream && current.dictionary === dictionary && length >= 0
        && start + length <= this.bytes.length) {
        this.objects.set(number, new Stream(dictionary, this.bytes.subarray(start, start + length)));
      }
    }
    this.unpack();
    this.root = asMap(this.resolve(this.rootRef));
  }

  private rootRef: Value | undefined;

  private trailer(dictionary: Dictionary | undefined): void {
    if (dictionary?.has('Encrypt')) refuse('The PDF is locked with a password.');
    if (dictionary?.has('Root')) this.rootRef = dictionary.get('Root');
  }

  private crossReference(dictionary: Dictionary): void {
    const type = dictionary.get('Type');
    if (type instanceof Name && type.value === 'XRef') this.trailer(dictionary);
  }

  /** Objects that newer PDFs keep packed together. */
  private unpack(): void {
    for (const value of [...this.objects.values()]) {
      const type = value instanceof Stream ? value.dictionary.get('Type') : null;
      if (!(value instanceof Stream) || !(type instanceof Name) || type.value !== 'ObjStm') continue;
      const [count, first] = [this.resolve(value.dictionary.get('N')), this.resolve(value.dictionary.get('First'))];
      if (typeof count !== 'number' || typeof first !== 'number') continue;
      const content = this.expand(value, BUNDLE_LENGTH_MAX);
      const reader = new PdfReader(content);
      const places: [number, number][] = [];
      for (let i = 0; i < count && places.length < OBJECTS_MAX; i++) {
        const [number, offset] = [reader.value(0), reader.value(0)];
        if (typeof number === 'number' && typeof offset === 'number') places.push([number, offset]);
      }
      let left = 2 * content.length; // Objects lie one behind the other: reading them all passes over their stream about once.
      for (const [number, offset] of places) {
        // A plain object of the same number is newer only in hybrid files, and then both say the same.
        if (this.objects.has(number)) continue;
        if (left <= 0) refuse('Objects that the PDF packs together overlap.');
        this.objects.set(number, reader.at(first + offset).value(0));
        left -= reader.passed - (first + offset);
      }
    }
  }
}

const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([...'()<>[]{}/%'].map((sign) => sign.charCodeAt(0)));

class PdfReader {
  private place = 0;

  constructor(private readonly bytes: Uint8Array) {}

  at(place: number): this {
    this.place = place;
    return this;
  }

  /** Up to where it has read. */
  get passed(): number {
    return this.place;
  }

  /** The next word of letters or digits; everything between is passed over. Null at the end. */
  word(): string | null {
    while (this.place < this.bytes.length && (SPACE.has(this.bytes[this.place]) || DELIMITER.has(this.bytes[this.place]))) {
      if (this.bytes[this.place] === 37) this.line();
      else this.place++;
    }
    return this.place >= this.bytes.length ? null : this.regular();
  }

  /** The number of the object that begins with this word ("12 0 obj"), or null. */
  objectNumber(word: string): number | null {
    if (!/^[0-9]{1,10}$/.test(word)) return null;
    const back = this.place;
    this.space();
    const generation = this.regular();
    this.space();
    if (/^[0-9]{1,5}$/.test(generation) && this.startsWith('obj')) {
      this.place += 3;
      return Number(word);
    }
    this.place = back;
    return null;
  }

  /** Where a stream's bytes begin, if the word "stream" comes next. */
  streamStart(): number | null {
    this.space();
    if (!this.startsWith('stream')) return null;
    this.place += 6;
    if (this.bytes[this.place] === 13) this.place++;
    if (this.bytes[this.place] === 10) this.place++;
    return this.place;
  }

  /** Passes over a stream: by its length where "endstream" stands there, or else to the next "endstream". */
  streamEnd(start: number, length: number | null): number {
    if (length !== null && length >= 0 && start + length <= this.bytes.length) {
      this.place = start + length;
      this.space();
      if (this.startsWith('endstream')) return start + length;
    }
    for (this.place = start; this.place < this.bytes.length; this.place++) {
      if (this.bytes[this.place] === 101 && this.startsWith('endstream')) return this.place;
    }
    return refuse('The PDF is cut short inside a stream.');
  }

  value(depth: number): Value {
    if (depth === DEPTH_MAX) refuse('The PDF is nested too deep.');
    this.space();
    const sign = this.bytes[this.place];
    if (sign === undefined) refuse('The PDF is cut short.');
    if (sign === 47) {
      this.place++;
      return new Name(this.regular().replace(/#([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))));
    }
    if (sign === 40) return this.literal();
    if (sign === 60) return this.bytes[this.place + 1] === 60 ? this.dictionary(depth) : this.hexadecimal();
    if (sign === 91) return this.array(depth);
    return this.plain();
  }

  private plain(): Value {
    const word = this.regular();
    if (word === 'true' || word === 'false') return word === 'true';
    if (/^[0-9]{1,10}$/.test(word)) return this.reference(Number(word));
    if (/^[-+]?[0-9]*\.?[0-9]*$/.test(word) && word !== '') return Number(word);
    if (word === '') this.place++; // A stray delimiter: passed over, so that reading goes on.
    return null;
  }

  private reference(number: number): Value {
    const back = this.place;
    this.space();
    const generation = this.regular();
    this.space();
    const next = this.bytes[this.place + 1];
    const alone = next === undefined || SPACE.has(next) || DELIMITER.has(next);
    if (/^[0-9]{1,5}$/.test(generation) && this.bytes[this.place] === 82 && alone) {
      this.place++;
      return new Ref(number);
    }
    this.place = back;
    return number;
  }

  private array(depth: number): Value[] {
    const items: Value[] = [];
    for (this.place++, this.space(); this.bytes[this.place] !== 93; this.space()) items.push(this.value(depth + 1));
    this.place++;
    return items;
  }

  private dictionary(depth: number): Dictionary {
    const entries: Dictionary = new Map();
    for (this.place += 2, this.space(); !this.startsWith('>>'); this.space()) {
      const key = this.value(depth + 1);
      if (!(key instanceof Name)) refuse('A dictionary in the PDF is damaged.');
      else entries.set(key.value, this.value(depth + 1));
    }
    this.place += 2;
    return entries;
  }

  private literal(): Uint8Array {
    const out: number[] = [];
    let open = 1;
    for (this.place++; this.place < this.bytes.length; this.place++) {
      let sign = this.bytes[this.place];
      if (sign === 40) open++;
      if (sign === 41 && --open === 0) {
        this.place++;
        return Uint8Array.from(out);
      }
      if (sign === 92) {
        sign = this.bytes[++this.place];
        const octal = /^[0-7]{1,3}/.exec(String.fromCharCode(...this.bytes.subarray(this.place, this.place + 3)))?.[0];
        const plain = 'nrtbf'.indexOf(String.fromCharCode(sign));
        if (octal !== undefined) {
          this.place += octal.length - 1;
          sign = parseInt(octal, 8) & 0xff;
        } else if (plain >= 0) sign = [10, 13, 9, 8, 12][plain];
      }
      if (out.length === TEXT_MAX) refuse(`A text in the PDF has more than ${TEXT_MAX} bytes.`);
      out.push(sign);
    }
    return refuse('The PDF is cut short inside a text.');
  }

  private hexadecimal(): Uint8Array {
    let digits = '';
    for (this.place++; this.bytes[this.place] !== 62; this.place++) {
      if (this.place >= this.bytes.length) refuse('The PDF is cut short inside a text.');
      if (digits.length > 2 * TEXT_MAX) refuse(`A text in the PDF has more than ${TEXT_MAX} bytes.`);
      if (!SPACE.has(this.bytes[this.place])) digits += String.fromCharCode(this.bytes[this.place]);
    }
    this.place++;
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }

  private regular(): string {
    const start = this.place;
    while (this.place < this.bytes.length && !SPACE.has(this.bytes[this.place]) && !DELIMITER.has(this.bytes[this.place])) this.place++;
    // Only short words mean anything; a long run of bytes is the inside of something that we pass over.
    return String.fromCharCode(...this.bytes.subarray(start, Math.min(this.place, start + 128)));
  }

  private space(): void {
    for (; this.place < this.bytes.length; this.place++) {
      if (this.bytes[this.place] === 37) this.line();
      else if (!SPACE.has(this.bytes[this.place])) return;
    }
  }

  private line(): void {
    while (this.place < this.bytes.length && this.bytes[this.place] !== 10 && this.bytes[this.place] !== 13) this.place++;
  }

  private startsWith(word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.bytes[this.place + i] !== word.charCodeAt(i)) return false;
    return true;
  }
}

/** A text of a PDF: UTF-16 or UTF-8 where it says so, otherwise one byte a character. */
function text(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    let out = '';
    for (let i = 2; i + 1 < bytes.length; i += 2) out += String.fromCharCode((bytes[i] << 8) | bytes[i + 1]);
    return out;
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return new TextDecoder().decode(concat(bytes.subarray(3)));
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
