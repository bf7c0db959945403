import { digest, hex, utf8 } from '../bytes.ts';

export const BLOCKS = ['bundle', 'policy', 'context'] as const;
export type Block = typeof BLOCKS[number];

// Written in two parts: the page's own program must not look like one of its blocks.
const OPEN = (block: Block): string => `${'<script'} type="application/json" id="coldproof-${block}">`;
const CLOSE = '<' + '/script>';

/** Text between the tags of a block of a page; null when the text has no such block, or it stands there twice. */
export function readBlock(page: string, block: Block): string | null {
  const [before, after, more] = page.split(OPEN(block));
  if (before === undefined || after === undefined || more !== undefined) return null;
  const end = after.indexOf(CLOSE);
  return end < 0 ? null : after.slice(0, end);
}

/** The page with other contents between the tags of a block. JSON keeps its meaning when every "<" is written as \u003c. */
export function writeBlock(page: string, block: Block, json: string): string {
  const old = readBlock(page, block);
  if (old === null) throw new Error(`The page has no block "${block}".`);
  const at = page.indexOf(OPEN(block)) + OPEN(block).length;
  return page.slice(0, at) + json.replaceAll('<', '\\u003c') + page.slice(at + old.length);
}

/** The page as it is published: nothing between the tags. */
export function emptyPage(page: string): string {
  return BLOCKS.reduce((text, block) => writeBlock(text, block, ''), page);
}

/** What `sha256sum verify.html` prints for the published page. */
export function pageSum(page: string): string {
  return hex(digest(utf8(emptyPage(page))));
}

/** This page's own bytes, taken before the program changes anything. The template is written in the form that browsers write. */
export function ownSource(): string {
  return `<!DOCTYPE html>\n${document.documentElement.outerHTML}`;
}
