import { BUNDLE_LENGTH_MAX } from '../bundle.ts';
import { CSV_COLUMNS, CSV_LENGTH_MAX } from './csv.ts';
import { LOGGER_LENGTH_MAX, looksLikeLogger } from './logger.ts';
import { PDF_LENGTH_MAX } from './pdf.ts';
import { IMAGE_LENGTH_MAX } from './qr.ts';
import { RELEASE_LENGTH_MAX } from '../release.ts';

/** How much of a file is looked at before it is known what it is. */
export const HEAD_LENGTH = 4096;

/** What a file is by its first bytes. Names never count: anybody can rename a file. */
export type Kind = 'empty' | 'bundle' | 'policy' | 'trust' | 'release' | 'unknownVersion' | 'evidence' | 'pdf' | 'csv' | 'logger' | 'image'
  | 'certificate' | 'otherTable' | 'webPage' | 'archive' | 'text' | 'unknown';

/** Most bytes that are read of each kind. A file is never read to find out that it is too large. */
export const LENGTH_MAX: Partial<Record<Kind, number>> = {
  bundle: BUNDLE_LENGTH_MAX, policy: 256 * 1024, trust: 256 * 1024, release: RELEASE_LENGTH_MAX, evidence: 2 * BUNDLE_LENGTH_MAX, pdf: PDF_LENGTH_MAX,
  csv: CSV_LENGTH_MAX, logger: LOGGER_LENGTH_MAX, image: IMAGE_LENGTH_MAX, certificate: 8192,
};

export interface Recognised { kind: Kind; /** The format's name and version, where the file says one. */ format: string }

/** What the file is that begins with these bytes (at most the first 4,096 are looked at). */
export function recognise(head: Uint8Array): Recognised {
  if (head.length === 0) return { kind: 'empty', format: '' };
  const bytes = head.subarray(0, HEAD_LENGTH);
  const latin = String.fromCharCode(...bytes);
  const binary = byMagic(latin);
  if (binary !== null) return { kind: binary, format: '' };
  if (looksLikeLogger(bytes)) return { kind: 'logger', format: '' };
  const text = latin.replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (text.startsWith('{')) return json(text);
  if (/^CP[0-9]+:/.test(text)) return { kind: 'certificate', format: text.slice(0, text.indexOf(':')) };
  if (/^<[a-z!?]/i.test(text)) return { kind: /coldproof/i.test(text) ? 'evidence' : 'webPage', format: '' };
  const first = text.split(/\r?\n/, 1)[0].replaceAll('"', '');
  if (first === CSV_COLUMNS.join(',') || first === CSV_COLUMNS.join(';')) return { kind: 'csv', format: '' };
  if (/[\u0000-\u0008\u000e-\u001f]/.test(latin)) return { kind: 'unknown', format: '' };
  return { kind: isTable(text) ? 'otherTable' : 'text', format: '' };
}

function byMagic(latin: string): Kind | null {
  if (latin.slice(0, 1024).includes('%PDF-')) return 'pdf';
  if (/^(\u0089PNG\r\n|\u00ff\u00d8\u00ff|GIF8|BM....\u0000\u0000|RIFF....WEBP|....ftyp(heic|heix|mif1|avif))/s.test(latin)) return 'image';
  return /^(PK[\u0003\u0005]|\u001f\u008b|7z\u00bc\u00af|Rar!|\u00d0\u00cf\u0011\u00e0)/.test(latin) ? 'archive' : null;
}

function json(text: string): Recognised {
  const format = /"format"\s*:\s*"([^"\\]{1,40})"/.exec(text)?.[1] ?? '';
  if (format === 'coldproof-policy/1') return { kind: 'policy', format };
  if (format === 'coldproof-trust/1') return { kind: 'trust', format };
  if (format === 'coldproof-release/1') return { kind: 'release', format };
  // Everything else goes to the verifier, which says exactly what is wrong; but a known format of another version has its own sentence.
  return { kind: /^coldproof(-policy|-trust|-release)?\/[0-9]+$/.test(format) && format !== 'coldproof/1' ? 'unknownVersion' : 'bundle', format };
}

/** Whether the first two lines have the same separator equally often, at least once. */
function isTable(text: string): boolean {
  const [first, second] = text.split(/\r?\n/, 2);
  return [',', ';', '\t'].some((sign) => first.includes(sign) && first.split(sign).length === second?.split(sign).length);
}
