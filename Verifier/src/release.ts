import { base64, CryptoDisagreement, fromUtf8, hex, Malformed, refuse, utf8 } from './bytes.ts';
import { RELEASES_MAX, type Policy, type ShownStatement } from './bundle.ts';
import { readCbor } from './cbor.ts';
import { asObject, asText, fields, parseJson } from './json.ts';
import { WALL_CEILING, WALL_FLOOR } from './leaf.ts';
import { askBrowser, parseProof } from './log.ts';
import { checkReceipt } from './logrules.ts';
import { decodeStatement, STATEMENT_LENGTH_MAX, type Statement } from './statement.ts';
import { because, found, type Finding, type ProvenRelease } from './verdict.ts';

export const RELEASE_LENGTH_MAX = 1024 * 1024;
const RECEIPT_LENGTH_MAX = 320 * 1024;

/** Under which name the regulator's page is released. */
export const PAGE_NAME = 'verify.html';

/** An authority's word that a file is a program of its own; `sum` in hex, of the page with its blocks empty. */
export interface SoftwareRelease { name: string; version: string; sum: string; issued: number }

function decodeRelease(payload: Uint8Array): SoftwareRelease {
  return readCbor('software release', payload, 512, (reader) => {
    reader.array(5, 'software release');
    reader.integer(1, 1, 'version of the software release');
    const release = { name: reader.text(60, 'name'), version: reader.text(40, 'version'), sum: hex(reader.digest('sum')),
      issued: reader.integer(WALL_FLOOR, WALL_CEILING, 'issuing time') };
    return release.name !== '' && release.version !== '' ? release : refuse('A software release has a name and a version.');
  });
}

/** An authority's word that a program it had released is not to be relied on any more: it takes back the hash `sum`, for good. */
export interface Withdrawal { name: string; version: string; sum: string; reason: string; issued: number }

function decodeWithdrawal(payload: Uint8Array): Withdrawal {
  return readCbor('withdrawal', payload, 1024, (reader) => {
    reader.array(6, 'withdrawal');
    reader.integer(1, 1, 'version of the withdrawal');
    const withdrawal = { name: reader.text(60, 'name'), version: reader.text(40, 'version'), sum: hex(reader.digest('sum')), reason: reader.text(200, 'reason'),
      issued: reader.integer(WALL_FLOOR, WALL_CEILING, 'issuing time') };
    return withdrawal.name !== '' && withdrawal.version !== '' && withdrawal.reason !== '' ? withdrawal : refuse('A withdrawal has a name, a version and a reason.');
  });
}

/**
 * Signed by an authority, and in a log, that the reader trusts; null while the reader trusts nobody yet. It says something about a program, never about
 * the record: no verdict's word depends on it. Never throws for anything that stands in it.
 */
export async function checkRelease(shown: ShownStatement, policy: Policy | null): Promise<ProvenRelease> {
  try {
    return await check(shown, policy);
  } catch (broken) {
    if (!(broken instanceof CryptoDisagreement)) throw broken;
    return unsaid(shown, found('CryptoDisagrees', '', broken.message));
  }
}

function unsaid(shown: ShownStatement, finding: Finding): ProvenRelease {
  return { shown, release: null, finding, issuer: '', authority: null, log: '', index: '0', time: null, withdrawal: null, signed: false };
}

async function check(shown: ShownStatement, policy: Policy | null): Promise<ProvenRelease> {
  let statement: Statement;
  let [release, withdrawal]: [SoftwareRelease | null, Withdrawal | null] = [null, null];
  try {
    statement = decodeStatement(shown.bytes);
    if (statement.kind === 'release') release = decodeRelease(statement.payload);
    else if (statement.kind === 'withdrawal') withdrawal = decodeWithdrawal(statement.payload);
    else refuse('The statement is of another kind.');
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken;
    return unsaid(shown, because(found('ReleaseUnreadable', ''), broken.message));
  }
  const keyId = hex(statement.keyId);
  const known = policy?.authorities.find((authority) => authority.key.idHex === keyId);
  const say = (finding: Finding | null, signed = false): ProvenRelease =>
    ({ shown, release, finding, issuer: statement.issuer, authority: known?.name ?? null, log: '', index: '0', time: null, withdrawal, signed });
  if (policy === null || known === undefined) return say(found('ReleaseSigner', policy === null ? 'nobody' : '', statement.issuer, keyId.slice(0, 8)));
  if (!await known.key.signed(statement, true)) return say(found('ReleaseSignature', '', known.name));
  if (shown.receipt === null) return say(found('ReceiptMissing', 'release'), true);
  await agree(shown.receipt, policy);
  const { fault, reason, index, time, proof } = checkReceipt(shown.receipt, shown.bytes, policy.log);
  return fault === 'None' ? { ...say(null, true), log: proof?.checkpoint.origin ?? '', index: String(index), time } : say(because(found(fault, 'release'), reason), true);
}

/** Lets the browser's own Ed25519 answer, where it has one, and ours must say the same. */
async function agree(receipt: string, policy: Policy): Promise<void> {
  try {
    await askBrowser(parseProof(receipt).note, [...policy.log.logs, ...policy.log.witnesses.map((witness) => witness.key)], true);
  } catch (broken) {
    if (!(broken instanceof Malformed)) throw broken; // What cannot be read, the check itself says.
  }
}

/** The file `*.release.json`. Throws {@link Malformed} when it is none. */
export function parseReleaseFile(bytes: Uint8Array): ShownStatement {
  if (bytes.length > RELEASE_LENGTH_MAX) refuse(`The software release has ${bytes.length} bytes; at most ${RELEASE_LENGTH_MAX} are read.`);
  const root = asObject(parseJson(bytes, 4), 'software release');
  if (root.get('format') !== 'coldproof-release/1') refuse('The file\'s format is not "coldproof-release/1".');
  fields(root, 'software release', ['format', 'statement'], ['receipt']);
  const field = (name: string, max: number): Uint8Array => {
    const text = asText(root.get(name), name);
    return (text.length <= Math.ceil(max / 3) * 4 ? base64(text) : null) ?? refuse(`The base64 of "${name}" is not in its one form, or too long.`);
  };
  return { bytes: field('statement', STATEMENT_LENGTH_MAX), receipt: root.has('receipt') ? fromUtf8(field('receipt', RECEIPT_LENGTH_MAX), 'receipt') : null };
}

/** The releases that a page's context carries, each as in its file. What cannot be read is passed over: no check rests on the context. */
export function releasesIn(context: Record<string, unknown>): ShownStatement[] {
  const list: unknown = context.releases;
  if (!Array.isArray(list) || list.length > RELEASES_MAX) return [];
  return list.flatMap((item: unknown) => {
    try {
      return [parseReleaseFile(utf8(JSON.stringify(item)))];
    } catch (broken) {
      if (broken instanceof Malformed) return [];
      throw broken;
    }
  });
}

/** What is known about a page of this hash: the C# verifier answers the same (PageAnswer). */
export interface PageAnswer { standing: 'Unknown' | 'Logged' | 'Different' | 'NotProven' | 'Withdrawn'; release: ProvenRelease | null; sum: string }

/** What takes the page back; else its release where one holds; else the newest that holds and is not taken back; else the first that does not hold. */
export function pageAnswer(releases: readonly ProvenRelease[], sum: string): PageAnswer {
  const taken = releases.filter(({ signed, withdrawal }) => signed && withdrawal?.name === PAGE_NAME)
    .sort((a, b) => Number(b.finding === null) - Number(a.finding === null) || compare(a.index, b.index));
  const back = taken.find(({ withdrawal }) => withdrawal?.sum === sum);
  if (back !== undefined) return { standing: 'Withdrawn', release: back, sum };
  const pages = releases.filter(({ finding, release }) => finding === null && release?.name === PAGE_NAME
    && !taken.some(({ withdrawal }) => withdrawal?.sum === release.sum)).sort((a, b) => compare(b.index, a.index));
  const own = pages.find(({ release }) => release?.sum === sum);
  if (own !== undefined) return { standing: 'Logged', release: own, sum };
  if (pages[0] !== undefined) return { standing: 'Different', release: pages[0], sum };
  const broken = releases.find((found) => found.finding !== null && !taken.includes(found)) ?? null;
  return { standing: broken === null ? 'Unknown' : 'NotProven', release: broken, sum };
}

function compare(a: string, b: string): number {
  return BigInt(a) === BigInt(b) ? 0 : BigInt(a) < BigInt(b) ? -1 : 1;
}

/** The sentence's key in the catalogue of reasons, and what fills it; `time` says an instant as the reader wants it. */
export function pageSentence({ standing, release, sum }: PageAnswer, time: (ms: number) => string, why: (finding: Finding) => string): [string, string[]] {
  const ends = (hash: string): string => `${hash.slice(0, 8)}…${hash.slice(-8)}`;
  if (release === null || standing === 'Unknown') return ['page.Unknown', []];
  if (standing === 'NotProven') return ['page.NotProven', [release.finding === null ? '' : why(release.finding)]];
  const { index, log, authority, finding, withdrawal } = release;
  if (withdrawal !== null) {
    return [finding !== null ? 'page.Withdrawn.unlogged' : release.time === null ? 'page.Withdrawn.untimed' : 'page.Withdrawn',
      [time(withdrawal.issued), withdrawal.reason, authority ?? '', index, log, time(release.time ?? 0), finding === null ? '' : why(finding)]];
  }
  const [version, named] = [release.release?.version ?? '', release.release?.sum ?? ''];
  return standing === 'Different' ? ['page.Different', [ends(sum), index, log, authority ?? '', ends(named), version]]
    : [release.time === null ? 'page.Logged.untimed' : 'page.Logged', [version, index, log, time(release.time ?? 0), authority ?? '']];
}
