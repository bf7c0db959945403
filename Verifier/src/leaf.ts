import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Malformed, refuse } from './bytes.ts';
import { readCbor, type CborReader, CborWriter } from './cbor.ts';
import { LEAVES_MAX, leafHash, type PlacedHash } from './tree.ts';

/** Earliest and latest wall time that evidence may carry, in milliseconds since 1970 UTC. */
export const WALL_FLOOR = 2 ** 32;
export const WALL_CEILING = 2 ** 47;
export const NUMBER_MAX = Number.MAX_SAFE_INTEGER;
export const BODY_LENGTH_MAX = 4 * 1024 * 1024;
export const LEAF_LENGTH_MAX = 1024;
export const CHANNELS_MAX = 32;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

export const OUTCOMES = ['Measured', 'NotSampled', 'NotPresent', 'NoAcknowledge', 'Timeout', 'NotReady', 'BadChecksum', 'OutOfRange',
  'Implausible'] as const;
export type Outcome = typeof OUTCOMES[number];

/** All temperatures are milli-degrees Celsius, all times milliseconds since 1970 UTC. */
export interface ReadingLeaf { kind: 'reading'; channel: number; sequence: number; time: number; temperature: number | null; outcome: Outcome }

export interface SummaryLeaf {
  kind: 'summary'; channel: number; first: number; count: number; firstSequence: number; firstTime: number; lastTime: number;
  min: number | null; max: number | null;
}

export interface VerdictLeaf {
  kind: 'verdict'; channel: number; count: number; firstSequence: number; firstTime: number; lastTime: number; low: number; high: number;
  outCount: number; badCount: number;
}

export interface EventLeaf { kind: 'event'; channel: number | null; event: number; time: number; detail: Uint8Array }

export type Leaf = ReadingLeaf | SummaryLeaf | VerdictLeaf | EventLeaf;

export const BOOT = 1;
export const GAP = 3;
export const GAP_CAUSES = ['', 'PowerLoss', 'Stopped', 'Late', 'StoreBroken', 'FirstStart'] as const;

export interface Gap { from: number; to: number; cause: string }

/** One leaf, strictly: known kind, every field in its range, 32 to 1,024 bytes. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length < 32 || bytes.length > LEAF_LENGTH_MAX) refuse(`A leaf has 32 to ${LEAF_LENGTH_MAX} bytes, not ${bytes.length}.`);
  return readCbor('leaf', bytes, LEAF_LENGTH_MAX, (reader) => {
    const fields = reader.arrayUpTo(NUMBER_MAX, 'leaf');
    const kind = reader.integer(0, 255, 'leaf kind');
    reader.byteString(16, 16, 'salt');
    if (kind === 0 && fields === 7) return readReading(reader);
    if (kind === 1 && fields === 10) return readSummary(reader);
    if (kind === 2 && fields === 11) return readVerdict(reader);
    if (kind === 3 && fields === 6) return readEvent(reader);
    return refuse(`No leaf has kind ${kind} with ${fields} fields.`);
  });
}

const readChannel = (reader: CborReader): number => reader.integer(0, 65_534, 'channel');
const readTime = (reader: CborReader, what: string): number => reader.integer(WALL_FLOOR, WALL_CEILING, what);
const readCount = (reader: CborReader, what: string): number => reader.integer(0, LEAVES_MAX, what);
const readSequence = (reader: CborReader): number => reader.integer(0, NUMBER_MAX, 'sequence');
const readTemperature = (reader: CborReader, what: string): number | null => reader.integerOrNull(INT_MIN, INT_MAX, what);

function readReading(reader: CborReader): ReadingLeaf {
  const channel = readChannel(reader);
  const sequence = readSequence(reader);
  const time = readTime(reader, "reading's time");
  const temperature = readTemperature(reader, 'temperature');
  const outcome = OUTCOMES[reader.integer(0, OUTCOMES.length - 1, 'status')];
  if ((temperature === null) === (outcome === 'Measured')) {
    refuse(`Reading ${sequence} of channel ${channel} is ${outcome}, and its temperature is ${temperature === null ? 'missing' : 'there'}.`);
  }
  return { kind: 'reading', channel, sequence, time, temperature, outcome };
}

function readSummary(reader: CborReader): SummaryLeaf {
  return {
    kind: 'summary', channel: readChannel(reader), first: readCount(reader, 'first place'), count: readCount(reader, 'count'),
    firstSequence: readSequence(reader), firstTime: readTime(reader, 'first time'), lastTime: readTime(reader, 'last time'),
    min: readTemperature(reader, 'minimum'), max: readTemperature(reader, 'maximum'),
  };
}

function readVerdict(reader: CborReader): VerdictLeaf {
  return {
    kind: 'verdict', channel: readChannel(reader), count: readCount(reader, 'count'), firstSequence: readSequence(reader),
    firstTime: readTime(reader, 'first time'), lastTime: readTime(reader, 'last time'), low: reader.integer(INT_MIN, INT_MAX, 'lower limit'),
    high: reader.integer(INT_MIN, INT_MAX, 'upper limit'), outCount: readCount(reader, 'count out of range'),
    badCount: readCount(reader, 'count without temperature'),
  };
}

function readEvent(reader: CborReader): EventLeaf {
  return {
    kind: 'event', channel: reader.integerOrNull(0, 65_534, 'channel'), event: reader.integer(1, 255, 'event kind'),
    time: readTime(reader, "event's time"), detail: reader.byteString(4, 900, 'event detail'),
  };
}

/** The gap that a boot or gap event declares; null when its detail has another layout. */
export function readGap(detail: Uint8Array): Gap | null {
  try {
    return readCbor('event detail', detail, 900, (reader) => {
      reader.array(4, 'event detail');
      reader.integer(1, 1, 'layout of the event detail');
      const [from, to, cause] = [reader.whole('start'), reader.whole('end'), reader.whole('cause')];
      return cause >= 1 && cause <= 5 ? { from, to, cause: GAP_CAUSES[cause] } : null;
    });
  } catch (fault) {
    if (fault instanceof Malformed) return null; // The caller asks "is it this layout?": any other form is answered with no.
    throw fault;
  }
}

export interface Sample { outcome: Outcome; temperature: number | null }

/** All readings of one channel of one batch, with the salt key from which every leaf is rebuilt. */
export interface Column { channel: number; saltKey: Uint8Array; first: number; firstSequence: number; times: number[]; samples: Sample[] }

export function decodeColumn(bytes: Uint8Array): Column {
  return readCbor('column', bytes, BODY_LENGTH_MAX, (reader) => {
    reader.array(9, 'column');
    const channel = reader.integer(0, CHANNELS_MAX - 1, 'channel');
    const saltKey = reader.digest('salt key');
    const first = reader.integer(0, LEAVES_MAX, 'first place');
    const firstSequence = reader.integer(0, NUMBER_MAX - LEAVES_MAX, 'first sequence');
    const time = readTime(reader, 'first time');
    const count = reader.integer(1, LEAVES_MAX, 'count');
    const times = new Varints(reader.byteString(0, BODY_LENGTH_MAX, 'times'));
    const outcomes = new Varints(reader.byteString(0, BODY_LENGTH_MAX, 'outcomes'));
    const temperatures = new Varints(reader.byteString(0, BODY_LENGTH_MAX, 'temperatures'));
    return { channel, saltKey, first, firstSequence, times: unpackTimes(time, count, times), samples: unpackSamples(count, outcomes, temperatures) };
  });
}

function unpackTimes(first: number, count: number, packed: Varints): number[] {
  const times = [first];
  for (const step of packed.runs(count - 1)) times.push(times[times.length - 1] + step);
  return times[count - 1] <= WALL_CEILING ? times : refuse("A reading's time is beyond the ceiling.");
}

function unpackSamples(count: number, outcomes: Varints, temperatures: Varints): Sample[] {
  let temperature = 0;
  const samples = outcomes.runs(count).map((status): Sample => {
    const outcome = OUTCOMES[status] ?? refuse(`Status ${status} is not in use; 0 to ${OUTCOMES.length - 1} are.`);
    if (outcome !== 'Measured') return { outcome, temperature: null };
    const difference = temperatures.signed();
    temperature += difference;
    if (Math.abs(difference) > 2 ** 33 || temperature < INT_MIN || temperature > INT_MAX) {
      refuse('A temperature in a column is out of its range.');
    }
    return { outcome, temperature };
  });
  if (!temperatures.isEmpty) refuse('A column holds more values than it has readings.');
  return samples;
}

/** LEB128 numbers, each in its shortest form. Beyond 2^53 only the magnitude is kept, which every use refuses. */
class Varints {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isEmpty(): boolean {
    return this.at === this.bytes.length;
  }

  next(): number {
    let value = 0, scale = 1;
    for (let i = 0; i < 10 && this.at + i < this.bytes.length; i++) {
      const part = this.bytes[this.at + i];
      if (i === 9 && part > 1) break;
      value += (part & 0x7f) * scale;
      scale *= 128;
      if (part < 0x80) {
        if (part === 0 && i > 0) refuse('A number in a column is written longer than it need be.');
        this.at += i + 1;
        return value;
      }
    }
    return refuse('A number in a column has no end.');
  }

  signed(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Exactly count values from pairs (repeat, value); the count is bounded by the caller. */
  runs(count: number): number[] {
    const values: number[] = [];
    let before = -1;
    while (values.length < count) {
      const repeat = this.next();
      const value = this.next();
      if (repeat === 0 || repeat > count - values.length || value > WALL_CEILING || value === before) {
        refuse(`A run of ${repeat} × ${value} in a column does not fit the ${count - values.length} readings left, or repeats the run before.`);
      }
      before = value;
      for (let i = 0; i < repeat; i++) values.push(value);
    }
    return this.isEmpty ? values : refuse('A column holds more runs than it has readings.');
  }
}

/** The leaves' hashes, rebuilt from the column. Keeps the keyed hash, which is half the cost of a salt. */
export function columnHashes(column: Column): PlacedHash[] {
  const keyed = hmac.create(sha256, column.saltKey);
  const [spare, sum] = [keyed.clone(), new Uint8Array(32)]; // Filled anew for each reading, as in digest().
  const place = new Uint8Array(4);
  const view = new DataView(place.buffer);
  const writer = new CborWriter(new Uint8Array(80));
  return column.samples.map((sample, i) => {
    view.setUint32(0, column.first + i);
    keyed._cloneInto(spare).update(place).digestInto(sum);
    const salt = sum.subarray(0, 16);
    writer.restart().head(4, 7).integer(0).bytes(salt).integer(column.channel).integer(column.firstSequence + i).integer(column.times[i])
      .integerOrNull(sample.temperature).integer(OUTCOMES.indexOf(sample.outcome));
    return { index: column.first + i, hash: leafHash(writer.written) };
  });
}
