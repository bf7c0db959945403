import { equal, hex, short, utc } from './bytes.ts';
import type { Bundle, ShownBatch, ShownManifest } from './bundle.ts';
import { BOOT, columnHashes, GAP, readGap, type Gap, type Column, type EventLeaf, type Leaf, type SummaryLeaf, type VerdictLeaf } from './leaf.ts';
import { commit, decodeOpening, type BatchHeader, type Manifest, type ManifestChannel, type Statement } from './statement.ts';
import { verifyPartialTree, verifySiblingPath, type PlacedHash } from './tree.ts';
import { because, found, type Finding } from './verdict.ts';

export interface ProvenLeaf { place: number; leaf: Leaf; hash: Uint8Array }

/** One batch of a bundle, decoded; believed only as far as the checks have come. */
export class ProvenBatch {
  constructor(readonly statement: Statement, readonly header: BatchHeader, readonly manifest: Manifest,
    readonly probes: ReadonlyMap<number, ManifestChannel>, readonly shown: ShownBatch,
    readonly leaves: ProvenLeaf[], readonly columns: Column[]) {}

  /** What the manifest in force says about a channel that is shown and enrolled. */
  probe(channel: number): ManifestChannel {
    const probe = this.probes.get(channel);
    if (probe === undefined) throw new Error('A probe is asked for after the openings were checked.');
    return probe;
  }

  column(channel: number): Column | undefined {
    return this.columns.find((column) => column.channel === channel);
  }

  summary(channel: number): SummaryLeaf | undefined {
    return this.leaves.map((item) => item.leaf).find((leaf): leaf is SummaryLeaf => leaf.kind === 'summary' && leaf.channel === channel);
  }

  verdict(channel: number): VerdictLeaf | undefined {
    return this.leaves.map((item) => item.leaf).find((leaf): leaf is VerdictLeaf => leaf.kind === 'verdict' && leaf.channel === channel);
  }

  get events(): EventLeaf[] {
    return this.leaves.map((item) => item.leaf).filter((leaf): leaf is EventLeaf => leaf.kind === 'event');
  }

  /** What boots and gaps of this batch declare; read once, because every wide step of every channel asks. */
  get gaps(): Gap[] {
    this.declared ??= this.events.filter((happened) => happened.event === BOOT || happened.event === GAP).map((happened) => readGap(happened.detail))
      .filter((gap): gap is Gap => gap !== null);
    return this.declared;
  }

  private declared: Gap[] | null = null;

  /** Monotonic milliseconds of this batch's boot at a wall time inside the batch. */
  uptime(wall: number): number {
    return wall - this.header.opened + this.header.clock.uptime;
  }
}

/** Shown leaves and columns against the signed root: places, hashes, and what may be shown at all. */
export function checkTree(batch: ProvenBatch, channels: number[]): Finding | null {
  const { shown, header } = batch;
  if (shown.leaves.length === 0 && shown.columns.length === 0) {
    return shown.tree === null && shown.path === null ? null : found('FormBatch', 'nothing', header.number);
  }
  const places = checkPlaces(batch, channels);
  if (places !== null) return places;
  const known: PlacedHash[] = batch.leaves.map((leaf) => ({ index: leaf.place, hash: leaf.hash }));
  for (const column of batch.columns) for (const leaf of columnHashes(column)) known.push(leaf); // Spread as arguments, 65,536 of them are too many for some browsers.
  known.sort((a, b) => a.index - b.index);
  const twice = known.find((leaf, i) => i > 0 && known[i - 1].index === leaf.index);
  if (twice !== undefined) return found('PlaceWrong', 'twice', header.number, twice.index);
  if ((shown.tree === null) === (shown.path === null)) {
    return found('FormBatch', 'proof', header.number);
  }
  const check = shown.tree !== null ? verifyPartialTree(shown.tree, header.leaves)
    : verifySiblingPath(shown.path ?? new Uint8Array(0), header.leaves, known);
  if (check.fault !== 'None') return because(found('TreeUnreadable', '', header.number), check.reason);
  if (check.leaves.length !== known.length) {
    return found('LeafNotInTree', 'count', header.number, known.length, check.leaves.length);
  }
  const other = known.find((leaf, i) => leaf.index !== check.leaves[i].index || !equal(leaf.hash, check.leaves[i].hash));
  if (other !== undefined) return found('LeafNotInTree', 'leaf', header.number, other.index);
  return equal(check.root, header.root) ? null
    : found('RootMismatch', '', header.number, short(check.root), short(header.root));
}

/** Exactly the shown channels are opened, each by what the manifest commits to. Fills `probes`. */
export function checkOpenings(name: Uint8Array, { commitments }: Manifest, shown: ShownManifest, channels: number[],
  probes: Map<number, ManifestChannel>): Finding | null {
  for (const { channel, bytes } of shown.openings) {
    if (!channels.includes(channel) || channel >= commitments.length) return found('OtherChannel', 'opening', short(name), channel);
    if (!equal(commit(bytes), commitments[channel])) return found('OpeningMismatch', '', short(name), channel);
    probes.set(channel, decodeOpening(bytes));
  }
  const closed = channels.find((channel) => channel < commitments.length && !probes.has(channel));
  return closed === undefined ? null : found('OpeningMissing', '', short(name), closed);
}

/** Place = meaning: a summary stands at its channel, a verdict behind all summaries, readings behind all verdicts. */
function checkPlaces(batch: ProvenBatch, channels: number[]): Finding | null {
  const { header } = batch;
  const count = header.channels;
  if (count !== batch.manifest.commitments.length) {
    return found('PlaceWrong', 'channels', header.number, count, batch.manifest.commitments.length);
  }
  for (const column of batch.columns) {
    if (!channels.includes(column.channel) || column.channel >= count) {
      return found('OtherChannel', 'column', header.number, column.channel);
    }
    if (column.first < 2 * count || column.first + column.samples.length > header.leaves) {
      return found('PlaceWrong', 'column', header.number, column.channel, column.first);
    }
  }
  for (const { place, leaf } of batch.leaves) {
    if (leaf.channel !== null && !channels.includes(leaf.channel)) {
      return found('OtherChannel', 'leaf', header.number, leaf.channel, place);
    }
    const right = leaf.kind === 'summary' ? place === leaf.channel && place < count
      : leaf.kind === 'verdict' ? place === count + leaf.channel && place < 2 * count
      : place >= 2 * count && place < header.leaves;
    if (!right) return found('PlaceWrong', leaf.kind, header.number, place);
  }
  return null;
}

/** From batch to batch: numbers, previous hashes, boots, manifests. What is left out shows here. */
export function checkChain(batches: ProvenBatch[]): Finding | null {
  for (let i = 1; i < batches.length; i++) {
    const [before, batch] = [batches[i - 1].header, batches[i].header];
    if (batch.number <= before.number) return found('BatchRepeated', '', batch.number, before.number);
    if (batch.number !== before.number + 1) {
      return batch.number === before.number + 2 ? found('BatchMissing', 'one', before.number + 1)
        : found('BatchMissing', 'several', before.number + 1, batch.number - 1);
    }
    const digest = batches[i - 1].statement.payloadDigest;
    if (!equal(batch.previous, digest)) {
      return found('PreviousMismatch', '', batch.number, short(batch.previous), before.number, short(digest));
    }
    const sameBoot = batch.clock.boot === before.clock.boot;
    if (batch.clock.boot < before.clock.boot || (sameBoot && batch.clock.uptime < before.clock.uptime)) {
      return found('BootOrder', '', batch.number, batch.clock.boot, batch.clock.uptime);
    }
    if (!equal(batch.manifest, before.manifest) && !equal(batches[i].manifest.previous, before.manifest)) {
      return found('ManifestChain', '', batch.number);
    }
    if (!sameBoot && !declaresBoot(batches[i])) {
      return found('GapUndeclared', 'boot', batch.number);
    }
  }
  return null;
}

// Events are shown from the level of verdicts on; a bundle of headers alone cannot say why a restart happened, and does not claim to.
function declaresBoot(batch: ProvenBatch): boolean {
  return (batch.shown.tree === null && batch.shown.path === null)
    || batch.events.some((happened) => happened.event === BOOT && readGap(happened.detail) !== null);
}

export function checkWindow(bundle: Bundle, batches: ProvenBatch[]): Finding | null {
  const [first, last] = [batches[0], batches[batches.length - 1]];
  // The first batch that the gateway ever sealed: nothing can be missing before it.
  const veryFirst = /^0+$/.test(hex(first.header.previous)) && first.header.number === first.manifest.first;
  if (first.header.opened > bundle.from && !veryFirst) {
    return found('WindowStart', '', utc(bundle.from), first.header.number, utc(first.header.opened));
  }
  if (first.header.opened > bundle.to) {
    return found('WindowStart', 'before', utc(bundle.to), utc(first.header.opened));
  }
  return last.header.closed < bundle.to
    ? found('WindowEnd', '', utc(bundle.to), last.header.number, utc(last.header.closed))
    : null;
}
