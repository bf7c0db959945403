import { equal } from './bytes.ts';
import type { ShownConsistency } from './bundle.ts';
import { consistencyFault, type Checkpoint } from './log.ts';
import { because, found, type Finding } from './verdict.ts';

/**
 * All heads of logs that a bundle shows and the policy accepts: whether they are of one history, as far as it is proven. Two heads of one size with two
 * roots are two histories; a consistency proof that does not hold is as bad. Without a proof nothing is known, and a note says so. Two heads that both
 * begin with a third may still be two histories, so a head counts as joined only when proofs lead from it to the largest one of its log.
 */
export class LogHeads {
  private readonly heads = new Map<string, Checkpoint>();
  private readonly beginnings = new Map<string, string[]>();

  get count(): number {
    return this.heads.size;
  }

  /** How many heads no chain of proofs leads from to the largest head of their log. */
  get unlinked(): number {
    const largest = new Map<string, Checkpoint>();
    for (const head of this.heads.values()) if (head.size > (largest.get(head.origin)?.size ?? -1n)) largest.set(head.origin, head);
    const reached = new Set([...largest.values()].map(name));
    for (const head of reached) for (const smaller of this.beginnings.get(head) ?? []) reached.add(smaller);
    return this.heads.size - reached.size;
  }

  add(head: Checkpoint): Finding | null {
    const known = this.heads.get(name(head));
    if (known !== undefined && !equal(known.root, head.root)) return found('LogForked', '', head.origin, String(head.size));
    this.heads.set(name(head), known ?? head);
    return null;
  }

  /** Checks every proof between two of the heads; one about a head that is not among them says nothing here. */
  join(proofs: readonly ShownConsistency[]): Finding | null {
    for (const { origin, from, to, path } of proofs) {
      const [smaller, larger] = [from, to].map((size) => this.heads.get(name({ origin, size: BigInt(size) })));
      if (smaller === undefined || larger === undefined) continue;
      const fault = consistencyFault(smaller.size, smaller.root, larger.size, larger.root, path);
      if (fault !== null) return because(found('LogForked', 'sizes', origin, from, to), fault);
      this.beginnings.set(name(larger), [...this.beginnings.get(name(larger)) ?? [], name(smaller)]);
    }
    return null;
  }
}

function name({ origin, size }: { origin: string; size: bigint }): string {
  return `${size} ${origin}`;
}
