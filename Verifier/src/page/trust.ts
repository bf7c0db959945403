import { hex, utf8 } from '../bytes.ts';
import { parsePolicy } from '../bundle.ts';
import { digest } from '../bytes.ts';

export type Origin = 'chosen' | 'remembered' | 'pinned';
/** A policy that counts as the reader's own, and since when (milliseconds). */
export interface Trust { policy: Uint8Array; origin: Origin; since: number }
export interface Authority { name: string; fingerprint: string }

const KEY = 'coldproof.trust';

/** The authorities of a policy, each with the SHA-256 of its key. Throws Malformed for anything that is no policy. */
export function authorities(policy: Uint8Array): Authority[] {
  return parsePolicy(policy).authorities.map(({ name, key }) => ({ name, fingerprint: hex(digest(key.spki)) }));
}

/**
 * What the page's policy block says. Pinned, it counts as the reader's own only in a page opened from disk that carries no bundle:
 * whoever sends evidence, or serves a page, must not choose the keys by which it is judged. Everything else is an offer.
 */
export function readPolicyBlock(block: string, fromDisk: boolean, withBundle: boolean): { offer: Uint8Array | null; pinned: Trust | null } {
  if (block.trim() === '') return { offer: null, pinned: null };
  const json = JSON.parse(block) as { pinned?: unknown; savedAt?: unknown; policy?: unknown };
  if (json.pinned !== true) return { offer: utf8(block), pinned: null };
  const policy = utf8(JSON.stringify(json.policy));
  const since = Date.parse(String(json.savedAt));
  return fromDisk && !withBundle ? { offer: null, pinned: { policy, origin: 'pinned', since: Number.isNaN(since) ? 0 : since } } : { offer: policy, pinned: null };
}

/** Remembered for this origin. Pages from disk share one store with every other file, so nothing is remembered there. */
export function remembered(): Trust | null {
  if (!remembers()) return null;
  try {
    const { policy, since } = JSON.parse(localStorage.getItem(KEY) ?? 'null') as { policy: string; since: number };
    parsePolicy(utf8(policy));
    return { policy: utf8(policy), origin: 'remembered', since };
  } catch {
    return null; // Nothing there, no storage, or not what this page wrote: the reader is asked again.
  }
}

export function remember(policy: Uint8Array): void {
  if (!remembers()) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ policy: new TextDecoder().decode(policy), since: Date.now() }));
  } catch {
    return; // A browser without storage: the choice holds for this page only.
  }
}

function remembers(): boolean {
  return location.protocol === 'https:' || location.protocol === 'http:';
}
