import { Malformed } from '../bytes.ts';
import type { Verdict } from '../verdict.ts';
import { verify } from '../verifier.ts';

export interface Order { bundle: Uint8Array; policy: Uint8Array | null }
export type Final = { verdict: Verdict; ms: number } | { malformed: string } | { broken: string };
type Answer = { done: number; all: number } | Final;

interface Scope {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(answer: Answer): void;
}

/** Inside the worker: one order, progress, one answer. */
export function serve(): void {
  const scope = globalThis as unknown as Scope;
  scope.onmessage = async ({ data }) => {
    scope.postMessage(await work(data, (done, all) => scope.postMessage({ done, all })));
  };
}

async function work({ bundle, policy }: Order, progress: (done: number, all: number) => void): Promise<Final> {
  let told = 0;
  const start = performance.now();
  try {
    const verdict = await verify(bundle, policy, (done, all) => {
      if (performance.now() - told < 50) return;
      told = performance.now();
      progress(done, all);
    });
    return { verdict, ms: performance.now() - start };
  } catch (fault) {
    return fault instanceof Malformed ? { malformed: fault.message } : { broken: fault instanceof Error ? fault.message : String(fault) };
  }
}

/**
 * Verifies in a worker, so that the page stays alive; on the page itself where the browser grants no worker.
 * `stop` ends a worker whose answer nobody waits for any more.
 */
export class Checker {
  private worker: Worker | null = null;

  constructor(private readonly program: string) {}

  async run(order: Order, progress: (done: number, all: number) => void): Promise<Final> {
    this.stop();
    const answer = await this.ask(order, progress);
    this.stop();
    return answer ?? work(order, progress);
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = null;
  }

  /** Null when there is no worker to be had. */
  private ask(order: Order, progress: (done: number, all: number) => void): Promise<Final | null> {
    return new Promise((resolve) => {
      const address = URL.createObjectURL(new Blob([this.program], { type: 'text/javascript' }));
      let worker: Worker;
      try {
        worker = new Worker(address);
      } catch {
        resolve(null); // A browser that grants no worker throws here or says so below: both mean the page does the work itself.
        return;
      }
      this.worker = worker;
      const done = (answer: Final | null): void => {
        URL.revokeObjectURL(address);
        resolve(answer);
      };
      worker.onerror = () => done(null);
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if ('done' in data) progress(data.done, data.all);
        else done(data);
      };
      worker.postMessage(order);
    });
  }
}
