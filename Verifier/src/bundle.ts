import { base64, fromUtf8, Malformed, refuse } from './bytes.ts';
import { asArray, asObject, asText, asWhole, fields, parseJson, shorten, type Json } from './json.ts';
import { BODY_LENGTH_MAX, CHANNELS_MAX, LEAF_LENGTH_MAX, NUMBER_MAX, WALL_CEILING } from './leaf.ts';
import { PATH_MAX } from './log.ts';
import { PublicKey, OPENING_LENGTH_MAX, STATEMENT_LENGTH_MAX } from './statement.ts';
import { TlogPolicy } from './tlogpolicy.ts';
import { LEAVES_MAX } from './tree.ts';

/** Most bytes of a bundle; a page checks a file's size before it reads the file. */
export const BUNDLE_LENGTH_MAX = 64 * 1024 * 1024;
/** Most software releases of a bundle. */
export const RELEASES_MAX = 100;
const CONSISTENCY_MAX = 10_000;
const ORIGIN_LENGTH_MAX = 400;
const POLICY_LENGTH_MAX = 256 * 1024;
const HOUR = 3_600_000;

export const LEVELS = ['headers', 'verdicts', 'summaries', 'readings'] as const;
export type Level = typeof LEVELS[number];

export interface ShownStatement { bytes: Uint8Array; receipt: string | null }
export interface ShownManifest extends ShownStatement { openings: { channel: number; bytes: Uint8Array }[] }
/** A proof that the log at one size begins with all entries of a smaller one (RFC 6962, 2.1.2). */
export interface ShownConsistency { origin: string; from: number; to: number; path: Uint8Array[] }
export interface ShownLeaf { place: number; bytes: Uint8Array }
export interface ShownBatch {
  header: Uint8Array; leaves: ShownLeaf[]; columns: Uint8Array[]; tree: Uint8Array | null; path: Uint8Array | null; receipt: string | null;
}

/** A proof bundle, read strictly. Nothing in it is believed yet. */
export interface Bundle {
  gateway: string; channels: number[]; from: number; to: number; level: Level; manifests: ShownManifest[]; batches: ShownBatch[];
  beacons: string[]; revocations: ShownStatement[];
  /** Software releases: which page was published by whom. No part of the record. */
  releases: ShownStatement[];
  /** That heads of different sizes in here are of one log. */
  consistency: ShownConsistency[];
}

/** The bundle says that it is of another format or version than this program reads. */
export class UnknownFormat extends Malformed {
  constructor(readonly format: string) {
    super(`The bundle's format is "${format}"; this verifier reads "coldproof/1". Use a newer verifier.`);
  }
}

export function parseBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > BUNDLE_LENGTH_MAX) refuse(`The bundle has ${bytes.length} bytes; at most ${BUNDLE_LENGTH_MAX} are read.`);
  const json = parseJson(bytes, 8);
  if (!(json instanceof Map) || typeof json.get('format') !== 'string') refuse('The file is not a proof bundle: it has no "format".');
  const root = asObject(json, 'bundle');
  const format = asText(root.get('format'), 'format');
  if (format !== 'coldproof/1') {
    throw new UnknownFormat(shorten(format));
  }
  fields(root, 'bundle', ['format', 'gateway', 'channels', 'window', 'level', 'manifests', 'batches', 'beacons', 'revocations'], ['anchors', 'releases', 'consistency']);
  const window = asObject(root.get('window'), 'window');
  fields(window, 'window', ['from', 'to'], []);
  const from = asWhole(window.get('from'), `window's "from"`, 0, WALL_CEILING);
  const to = asWhole(window.get('to'), `window's "to"`, 0, WALL_CEILING);
  if (to < from) refuse('The window ends before it begins.');
  const gateway = asText(root.get('gateway'), 'gateway');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(gateway)) refuse("The bundle's gateway is not a lower-case UUID.");
  const level = asText(root.get('level'), 'level');
  return {
    gateway, from, to, channels: readChannels(root.get('channels')),
    level: LEVELS.find((name) => name === level) ?? refuse(`The bundle's level "${shorten(level)}" is not one of ${LEVELS.join(', ')}.`),
    manifests: asArray(root.get('manifests'), 'manifests', 1000).map(readManifest),
    batches: asArray(root.get('batches'), 'batches', 200_000).map(readBatch),
    beacons: asArray(root.get('beacons'), 'beacons', 200_000).map((note) => fromUtf8(readBytes(note, 'beacon', 65_536), 'beacon')),
    revocations: asArray(root.get('revocations'), 'revocations', 1000).map(readStatement),
    releases: root.has('releases') ? asArray(root.get('releases'), 'releases', RELEASES_MAX).map(readStatement) : [],
    consistency: root.has('consistency') ? asArray(root.get('consistency'), 'consistency', CONSISTENCY_MAX).map(readConsistency) : [],
  };
}

function readChannels(json: Json | undefined): number[] {
  const items = asArray(json, 'channels', CHANNELS_MAX);
  if (items.length === 0) refuse(`A bundle shows 1 to ${CHANNELS_MAX} channels.`);
  const channels = items.map((channel) => asWhole(channel, 'channel', 0, CHANNELS_MAX - 1));
  if (channels.some((channel, i) => i > 0 && channel <= channels[i - 1])) refuse("The bundle's channels do not rise.");
  return channels;
}

function readConsistency(json: Json): ShownConsistency {
  const object = asObject(json, 'consistency proof');
  fields(object, 'consistency proof', ['origin', 'from', 'to', 'path'], []);
  const origin = asText(object.get('origin'), 'origin');
  const path = readBytes(object.get('path'), 'path', PATH_MAX * 32);
  if (origin.length === 0 || origin.length > ORIGIN_LENGTH_MAX || path.length % 32 !== 0) {
    refuse(`A consistency proof has an origin of 1 to ${ORIGIN_LENGTH_MAX} characters and a path of whole hashes.`);
  }
  const from = asWhole(object.get('from'), 'smaller size', 1, NUMBER_MAX);
  const hashes = Array.from({ length: path.length / 32 }, (_, i) => path.subarray(32 * i, 32 * i + 32));
  return { origin, from, to: asWhole(object.get('to'), 'larger size', from + 1, NUMBER_MAX), path: hashes };
}

function readStatement(json: Json): ShownStatement {
  const object = asObject(json, 'statement');
  fields(object, 'statement', ['statement'], ['receipt']);
  return { bytes: readBytes(object.get('statement'), 'statement', STATEMENT_LENGTH_MAX), receipt: readReceipt(object) };
}

function readManifest(json: Json): ShownManifest {
  const object = asObject(json, 'manifest');
  fields(object, 'manifest', ['statement', 'openings'], ['receipt']);
  const openings = asArray(object.get('openings'), 'openings', CHANNELS_MAX).map((item) => {
    const pair = asArray(item, 'parts of an opening', 2);
    if (pair.length !== 2) refuse('An opening is shown as its channel and its bytes.');
    return { channel: asWhole(pair[0], 'channel', 0, CHANNELS_MAX - 1), bytes: readBytes(pair[1], 'opening', OPENING_LENGTH_MAX) };
  });
  if (openings.some(({ channel }, i) => i > 0 && channel <= openings[i - 1].channel)) {
    refuse("The channels of a manifest's openings do not rise: one is given twice, or in another order.");
  }
  return { bytes: readBytes(object.get('statement'), 'statement', STATEMENT_LENGTH_MAX), receipt: readReceipt(object), openings };
}

function readBatch(json: Json): ShownBatch {
  const object = asObject(json, 'batch');
  fields(object, 'batch', ['header'], ['leaves', 'columns', 'tree', 'path', 'receipt']);
  const leaves = object.has('leaves') ? asArray(object.get('leaves'), 'leaves', LEAVES_MAX).map(readLeaf) : [];
  leaves.forEach((leaf, i) => {
    if (i > 0 && leaf.place <= leaves[i - 1].place) {
      refuse(`The places of a batch's leaves do not rise: ${leaf.place} after ${leaves[i - 1].place}.`);
    }
  });
  const columns = object.has('columns') ? asArray(object.get('columns'), 'columns', CHANNELS_MAX) : [];
  const optional = (name: string): Uint8Array | null => object.has(name) ? readBytes(object.get(name), name, BODY_LENGTH_MAX) : null;
  return {
    header: readBytes(object.get('header'), 'header', STATEMENT_LENGTH_MAX), leaves,
    columns: columns.map((column) => readBytes(column, 'column', BODY_LENGTH_MAX)), tree: optional('tree'), path: optional('path'),
    receipt: readReceipt(object),
  };
}

function readLeaf(json: Json): ShownLeaf {
  const pair = asArray(json, 'parts of a leaf', 2);
  if (pair.length !== 2) refuse('A leaf is shown as its place and its bytes.');
  return { place: asWhole(pair[0], 'place', 0, LEAVES_MAX - 1), bytes: readBytes(pair[1], 'leaf', LEAF_LENGTH_MAX) };
}

function readReceipt(object: Map<string, Json>): string | null {
  return object.has('receipt') ? fromUtf8(readBytes(object.get('receipt'), 'receipt', 65_536), 'receipt') : null;
}

function readBytes(json: Json | undefined, what: string, max: number): Uint8Array {
  const text = asText(json, what);
  if (text.length > Math.floor((max + 2) / 3) * 4) refuse(`The ${what} is longer than ${max} bytes.`);
  return base64(text) ?? refuse(`The base64 of the ${what} is not in its one form.`);
}

export interface Authority { name: string; key: PublicKey }

/** What a verifier trusts and demands: the reader's own file. Times in milliseconds. */
export interface Policy { authorities: Authority[]; log: TlogPolicy; delayMax: number; bracketMax: number }

/** Throws {@link Malformed} for anything that is not a policy. */
export function parsePolicy(bytes: Uint8Array): Policy {
  if (bytes.length > POLICY_LENGTH_MAX) refuse(`The policy has ${bytes.length} bytes; at most ${POLICY_LENGTH_MAX} are read.`);
  const json = parseJson(bytes, 4);
  if (!(json instanceof Map) || json.get('format') !== 'coldproof-policy/1') refuse('The policy\'s format is not "coldproof-policy/1".');
  const root = asObject(json, 'policy');
  for (const name of root.keys()) {
    if (!['format', 'authorities', 'log', 'delayMaxHours', 'bracketMaxHours'].includes(name)) {
      refuse(`The policy has a field "${shorten(name)}" that coldproof-policy/1 does not know.`);
    }
  }
  const authorities = asArray(root.get('authorities'), 'authorities', 1000).map((item) => {
    const object = asObject(item, 'authority');
    const spki = base64(asText(object.get('spki'), "authority's key")) ?? refuse("The base64 of an authority's key is not in its one form.");
    return { name: asText(object.get('name'), "authority's name"), key: new PublicKey(spki) };
  });
  if (authorities.length === 0) refuse('The policy trusts no authority.');
  const hours = (name: string, byDefault: number): number =>
    HOUR * (root.has(name) ? asWhole(root.get(name), `policy's ${name}`, 1, 87_600) : byDefault);
  return {
    authorities, log: new TlogPolicy(asText(root.get('log'), "policy's log")), delayMax: hours('delayMaxHours', 24),
    bracketMax: hours('bracketMaxHours', 48),
  };
}

export { Malformed };
