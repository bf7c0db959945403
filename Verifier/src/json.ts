import { fromUtf8, refuse } from './bytes.ts';

/** A number as it is written: whether it is whole, and how large, is asked where it is used. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | JsonNumber | Json[] | Map<string, Json>;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const CONTROL = /[\u0000-\u001f]/;

/** JSON (RFC 8259) without repeated fields, of a bounded depth. JSON.parse keeps the last of two fields and says nothing. */
export function parseJson(bytes: Uint8Array, depthMax: number): Json {
  const reader = new JsonReader(fromUtf8(bytes, 'file'), depthMax);
  return reader.whole();
}

class JsonReader {
  private at = 0;

  constructor(private readonly text: string, private readonly depthMax: number) {}

  whole(): Json {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.broken();
    return value;
  }

  private value(depth: number): Json {
    this.space();
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === '{' || first === '[') {
      if (depth === this.depthMax) refuse(`The JSON is nested deeper than ${this.depthMax} levels.`);
      return first === '{' ? this.object(depth + 1) : this.array(depth + 1);
    }
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text);
    if (number === null) return this.broken();
    this.at += number[0].length;
    return new JsonNumber(number[0]);
  }

  private object(depth: number): Json {
    const fields = new Map<string, Json>();
    this.at++;
    if (this.next('}')) return fields;
    do {
      this.space();
      if (this.text[this.at] !== '"') this.broken();
      const name = this.string();
      if (fields.has(name)) refuse(`The field "${shorten(name)}" stands twice in one JSON object.`);
      if (!this.next(':')) this.broken();
      fields.set(name, this.value(depth));
    } while (this.next(','));
    return this.next('}') ? fields : this.broken();
  }

  private array(depth: number): Json {
    const items: Json[] = [];
    this.at++;
    if (this.next(']')) return items;
    do items.push(this.value(depth));
    while (this.next(','));
    return this.next(']') ? items : this.broken();
  }

  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end > 0 && this.escapes(end)) end = this.text.indexOf('"', end + 1);
    if (end < 0) this.broken();
    const inner = this.text.slice(start + 1, end);
    if (CONTROL.test(inner)) this.broken();
    this.at = end + 1;
    return inner.includes('\\') ? this.unescape(inner) : inner;
  }

  /** Whether an odd number of backslashes stands before the quote. */
  private escapes(quote: number): boolean {
    let at = quote - 1;
    while (this.text[at] === '\\') at--;
    return (quote - at) % 2 === 0;
  }

  private unescape(inner: string): string {
    try {
      const text = JSON.parse(`"${inner}"`) as string;
      // A lone surrogate has no UTF-8.
      return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text) ? this.broken() : text;
    } catch (fault) {
      if (fault instanceof SyntaxError) return this.broken();
      throw fault;
    }
  }

  private next(sign: string): boolean {
    this.space();
    if (this.text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text[this.at] ?? '.')) this.at++;
  }

  private broken(): never {
    return refuse(this.text.length === 0 ? 'The file is empty.' : `The file is not JSON at character ${this.at}.`);
  }
}

export function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

export function asObject(value: Json | undefined, what: string): Map<string, Json> {
  return value instanceof Map ? value : refuse(`The ${what} is not a JSON object.`);
}

export function asArray(value: Json | undefined, what: string, max: number): Json[] {
  if (!Array.isArray(value)) return refuse(`The ${what} are not a JSON array.`);
  if (value.length > max) refuse(`There are ${value.length} ${what}; at most ${max} are read.`);
  return value;
}

export function asText(value: Json | undefined, what: string): string {
  return typeof value === 'string' ? value : refuse(`The ${what} is not a text.`);
}

export function asWhole(value: Json | undefined, what: string, min: number, max: number): number {
  const number = value instanceof JsonNumber && /^-?[0-9]+$/.test(value.text) ? Number(value.text) : Number.NaN;
  return number >= min && number <= max ? number + 0 : refuse(`The ${what} is not a whole number from ${min} to ${max}.`);
}

/** Every required field is there, and no field that is not known. */
export function fields(object: Map<string, Json>, what: string, required: string[], optional: string[]): void {
  for (const name of required) if (!object.has(name)) refuse(`The ${what} has no "${name}".`);
  for (const name of object.keys()) {
    if (!required.includes(name) && !optional.includes(name)) {
      refuse(`The ${what} has a field "${shorten(name)}" that coldproof/1 does not know.`);
    }
  }
}
