// A report as the ledger wrote it: the bundle is found in it, and proves what the sheets say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as verifier from '../dist/verifier.mjs';

const here = new URL('./reports/', import.meta.url);
const report = readFileSync(new URL('one-day-0.1.0.pdf', here));

test('the files inside a report', () => {
  assert.deepEqual(verifier.attachments(new Uint8Array(report)).map(({ name }) => name),
    ['b6dc53e2-20220527T060000Z-20220528T055900Z.coldproof.json', 'readings.csv', 'verify.html']);
});

test('a chosen report gives its bundle, which is verified, and its table of readings is that of the bundle', async () => {
  const opened = await verifier.openFile(new Blob([report]));
  assert.deepEqual([opened.is, opened.from], ['bundle', 'pdf']);
  const verdict = await verifier.verify(opened.bytes, new Uint8Array(readFileSync(new URL('policy.json', here))));
  assert.deepEqual([verdict.word, verdict.channels[0].answer, verdict.channels[0].readings.length], ['Verified', 'OutOfRange', 288], verdict.reason);
  const csv = verifier.attachments(new Uint8Array(report)).find(({ name }) => name === 'readings.csv').bytes;
  assert.deepEqual((await verifier.openFile(new Blob([csv]))).is, 'csv');
});

test('one changed byte of the proof inside is noticed', async () => {
  const [proof] = verifier.attachments(new Uint8Array(report));
  const text = new TextDecoder().decode(proof.bytes);
  const at = text.indexOf('"columns":["') + 60;
  const changed = new TextEncoder().encode(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1));
  const verdict = await verifier.verify(changed, new Uint8Array(readFileSync(new URL('policy.json', here))));
  assert.notEqual(verdict.word, 'Verified');
});

for (const { name, interval, readings, mean, kinetic } of JSON.parse(readFileSync(new URL('../../../Gateway.Tests/Golden/kinetic.json', here), 'utf8'))) {
  test(`mean kinetic temperature, as on paper: ${name}`, () => {
    const found = verifier.statistics({ probe: { interval }, readings: readings.map(([time, temperature], sequence) => ({ sequence, time, temperature })) });
    if (kinetic === null) assert.equal(found, null);
    else assert.ok(Math.abs(found.kinetic - kinetic) < 0.001 && Math.abs(found.mean - mean) < 0.001, JSON.stringify(found));
  });
}
