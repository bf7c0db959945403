// Bundles that the C# verifier has judged, bent in every way: this verifier must give the same word, the same rule and the same answers.
// usage: node test/differential.mjs FILE      (written by `Gateway.Benchmarks -- fuzz --differential FILE` or by the tests)
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Buffer } from 'node:buffer';
import { parsePolicy, verify } from '../dist/verifier.mjs';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node test/differential.mjs FILE');
  process.exit(2);
}

const bytes = (base64) => new Uint8Array(Buffer.from(base64, 'base64'));
const answersOf = (verdict) => verdict.channels.map((channel) => `${channel.channel}:${channel.answer}:${channel.readings.length}:`
  + channel.intervals.map((part) => `${part.from}-${part.to} ${part.answer} ${part.min ?? ''} ${part.max ?? ''} ${part.readings}`).join(',')).join(';');
const bracketsOf = (verdict) => verdict.brackets.map((part) => `${part.first}-${part.last} ${part.notBefore ?? ''} ${part.notAfter ?? ''}`).join(';');

// What does not say why it refuses is not a refusal.
const readsPolicy = (policyBytes) => {
  try {
    parsePolicy(policyBytes);
    return 'yes';
  } catch (fault) {
    return fault?.constructor?.name === 'Malformed' ? 'no' : String(fault?.stack ?? fault);
  }
};

const counts = new Map();
let policy = null;
let [tried, policies, different, longest] = [0, 0, 0, 0];
for await (const line of createInterface({ input: createReadStream(file) })) {
  const row = JSON.parse(line);
  if (row.policy !== undefined) {
    policy = bytes(row.policy);
    continue;
  }
  if (row.reader !== undefined) {
    policies++;
    const reads = readsPolicy(bytes(row.reader));
    if (reads !== row.reads) {
      different++;
      console.error(`policy ${policies}: C# reads it: ${row.reads}, TypeScript: ${reads}\n${Buffer.from(row.reader, 'base64').toString('utf8').slice(0, 2_000)}\n`);
    }
    continue;
  }
  tried++;
  const started = performance.now();
  let verdict = null;
  let thrown = '';
  try {
    verdict = await verify(bytes(row.bundle), policy);
  } catch (fault) {
    thrown = String(fault?.stack ?? fault);
  }
  longest = Math.max(longest, performance.now() - started);
  counts.set(row.fault, (counts.get(row.fault) ?? 0) + 1);
  const same = verdict !== null && verdict.word === row.word && verdict.fault === row.fault && answersOf(verdict) === row.answers
    && bracketsOf(verdict) === row.brackets;
  if (!same) {
    different++;
    if (different <= 10) {
      console.error(`line ${tried}: C# says ${row.word} ${row.fault} [${row.answers}] [${row.brackets}], TypeScript says `
        + (verdict === null ? `nothing, it throws: ${thrown}` : `${verdict.word} ${verdict.fault} [${answersOf(verdict)}] [${bracketsOf(verdict)}] (${verdict.reason})`)
        + `\npolicy ${Buffer.from(policy).toString('base64')}\nbundle ${row.bundle.length <= 20_000 ? row.bundle : `of ${row.bundle.length} characters`}\n`);
    }
  }
}
console.log(`${tried} bundles and ${policies} policies, ${different} judged differently, longest ${longest.toFixed(0)} ms; `
  + [...counts].sort((a, b) => b[1] - a[1]).map(([fault, count]) => `${fault} ${count}`).join(', '));
process.exit(different === 0 && tried > 0 ? 0 : 1);
