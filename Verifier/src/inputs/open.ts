import { fromUtf8, Malformed, utf8 } from '../bytes.ts';
import type { ShownStatement } from '../bundle.ts';
import { readBlock } from '../page/source.ts';
import { parseReleaseFile } from '../release.ts';
import { parseCsv, type CsvRow } from './csv.ts';
import { HEAD_LENGTH, LENGTH_MAX, recognise, type Kind } from './kind.ts';
import { readLogger, type LoggerReport } from './logger.ts';
import { bundleOfPdf } from './pdf.ts';
import { pixels, readQr } from './qr.ts';
import type { SentenceKey } from './sentences.ts';

/** What a chosen or dropped file, or a scanned text, turned out to be: something to work with, or a sentence to show. */
export type Opened =
  | { is: 'bundle'; from: 'file' | 'pdf' | 'evidence'; bytes: Uint8Array }
  | { is: 'policy' | 'trust'; bytes: Uint8Array }
  | { is: 'release'; shown: ShownStatement }
  | { is: 'certificate'; text: string }
  | { is: 'csv'; rows: CsvRow[] }
  | { is: 'logger'; report: LoggerReport }
  | { is: 'link'; url: string; root: string }
  | { is: 'refused'; key: SentenceKey; values: string[] };

const refused = (key: SentenceKey, ...values: string[]): Opened => ({ is: 'refused', key, values });

/** Looks at the first bytes and the size, and only then reads. Never throws for anything that stands in the file. */
export async function openFile(file: Blob): Promise<Opened> {
  try {
    const head = new Uint8Array(await file.slice(0, HEAD_LENGTH).arrayBuffer());
    const { kind, format } = recognise(head);
    const max = LENGTH_MAX[kind] ?? LENGTH_MAX.bundle as number;
    if (file.size > max) return refused('tooLarge', size(file.size), size(max));
    return kind === 'image' ? await openImage(file) : openBytes(kind, format, await read(file, kind));
  } catch (broken) {
    if (broken instanceof Malformed) return refused('damaged', broken.message);
    if (broken instanceof DOMException) return refused('notReadable', broken.message); // The file is gone, or the browser may not read it.
    throw broken;
  }
}

const READ: Kind[] = ['bundle', 'policy', 'trust', 'release', 'unknownVersion', 'evidence', 'pdf', 'csv', 'logger', 'certificate'];

async function read(file: Blob, kind: Kind): Promise<Uint8Array> {
  return READ.includes(kind) ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array(0);
}

/** The same for bytes at hand. Throws Malformed where the content does not keep to its own form. */
export function openBytes(kind: Kind, format: string, bytes: Uint8Array): Opened {
  switch (kind) {
    case 'bundle': return { is: 'bundle', from: 'file', bytes };
    case 'policy': case 'trust': return { is: kind, bytes };
    case 'release': return { is: 'release', shown: parseReleaseFile(bytes) };
    // A bundle of another version is for the verifier to refuse: one answer everywhere.
    case 'unknownVersion':
      return format.startsWith('coldproof/') ? { is: 'bundle', from: 'file', bytes } : refused('unknownVersion', format);
    case 'evidence': return openEvidence(fromUtf8(bytes, 'page'));
    case 'pdf': return openPdf(bytes);
    case 'csv': return { is: 'csv', rows: parseCsv(bytes) };
    case 'logger': return { is: 'logger', report: readLogger(bytes) };
    case 'certificate': return openText(fromUtf8(bytes, 'certificate').trim());
    case 'image': return refused('noCode');
    default: return refused(kind);
  }
}

function openPdf(bytes: Uint8Array): Opened {
  const answer = bundleOfPdf(bytes);
  if (answer.is === 'bundle') return { is: 'bundle', from: 'pdf', bytes: answer.bytes };
  if (answer.is === 'broken') return refused('pdfNotReadable', answer.reason);
  return answer.is === 'none' ? refused('pdfWithoutProof') : refused('pdfSeveral', String(answer.names.length));
}

/** A saved evidence page carries the bundle's JSON in one block. The page's own code is not run. */
function openEvidence(page: string): Opened {
  const bundle = readBlock(page, 'bundle')?.trim() ?? '';
  return bundle === '' ? refused('webPage') : { is: 'bundle', from: 'evidence', bytes: utf8(bundle) };
}

async function openImage(file: Blob): Promise<Opened> {
  const image = await pixels(file);
  if (image === null) return refused('imageNotReadable');
  const text = readQr(image);
  return text === null ? refused('noCode') : openText(text);
}

/** What stands in a code, or was pasted: a certificate, or a link to a record. */
export function openText(text: string): Opened {
  const version = /^CP([0-9]+):/.exec(text)?.[1];
  if (version === '1') return { is: 'certificate', text };
  if (version !== undefined) return refused('unknownVersion', `CP${version}`);
  const url = /^https?:\/\/[^\s]{1,2000}$/.test(text) ? parseUrl(text) : null;
  if (url === null) return refused('otherCode', text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return { is: 'link', url: url.href, root: new URLSearchParams(url.hash.slice(1)).get('r') ?? '' };
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null; // Looks like an address and is none: the caller says so.
  }
}

function size(bytes: number): string {
  const mib = bytes / (1024 * 1024);
  return mib >= 1 ? `${mib.toFixed(mib < 10 ? 1 : 0)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}
