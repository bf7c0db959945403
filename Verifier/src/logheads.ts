import { equal } from './bytes.ts';
import type { ShownConsistency } from './bundle.ts';
import { consistencyFault, type Checkpoint } from './log.ts';
import { because, found, type Finding } from './verdict.ts';

/**
 * All heads of logs that a bundle shows and the policy accepts: whether they are of one history, as far as it is proven. Two heads of one size with two
 * roots are two histories; a consistency proof that does not hold is as bad. Without a proof nothing is known, and a note says so.
 */
export class LogHeads {
  private readonly heads = new Map<string, Checkpoint>();
  private readonly joined = new Map<string, string>();

  get count(): number {
    return this.heads.size;
  }

  /** How many heads no proof joins with that of the last batch's receipt; in any other log, with the largest. */
  unlinked(last: Checkpoint | null): number {
    const middle = new Map<string, Checkpoint>();
    for (const head of this.heads.values()) if (head.size > (middle.get(head.origin)?.size ?? -1n)) middle.set(head.origin, head);
    if (last !== null) middle.set(last.origin, last);
    return [...this.heads.values()].filter((head) => this.root(name(head)) !== this.root(name(middle.get(head.origin) ?? head))).length;
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
      this.joined.set(this.root(name(smaller)), this.root(name(larger)));
    }
    return null;
  }

  private root(head: string): string {
    for (let next = this.joined.get(head); next !== undefined && next !== head; next = this.joined.get(head)) head = next;
    return head;
  }
}

function name({ origin, size }: { origin: string; size: bigint }): string {
  return `${size} ${origin}`;
}
