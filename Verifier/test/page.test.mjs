// Goal: the committed page can be checked with sha256sum, filled by whoever serves it, and never takes its keys from a sender.
// Method: the built file itself, a shell's sed and sha256sum, and the vectors of the temperature formulas.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as verifier from '../dist/verifier.mjs';

const page = readFileSync(new URL('../verify.html', import.meta.url), 'utf8');
const golden = new URL('../../Gateway.Tests/Golden/attacks/', import.meta.url);
const bundle = readFileSync(new URL('untouched.coldproof.json', golden));
const policy = readFileSync(new URL('policy.json', golden), 'utf8');

test('a filled page is the published page again when its blocks are emptied, by our code and by sed', () => {
  const hostile = `{"origin":"</script><script>alert(1)</script>"}`;
  const filled = verifier.writeBlock(verifier.writeBlock(page, 'bundle', String(bundle)), 'context', hostile);
  assert.equal(filled.split('</script>').length, page.split('</script>').length);
  assert.equal(verifier.readBlock(filled, 'bundle'), String(bundle));
  assert.deepEqual(JSON.parse(verifier.readBlock(filled, 'context')), JSON.parse(hostile));
  assert.equal(verifier.emptyPage(filled), page);
  const folder = mkdtempSync(join(tmpdir(), 'coldproof-page-'));
  try {
    writeFileSync(join(folder, 'evidence.html'), filled);
    const shell = `sed -E 's#^(<script type="application/json" id="coldproof-[a-z]+">)[^<]*#\\1#' evidence.html | sha256sum`;
    assert.equal(execFileSync('sh', ['-c', shell], { cwd: folder, encoding: 'utf8' }).slice(0, 64), verifier.pageSum(page));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('without a policy of the reader the signer is unknown, and what is found before that stands', async () => {
  const whole = await verifier.verify(bundle, null);
  assert.deepEqual([whole.word, whole.fault, whole.channels.length], ['SignerUnknown', 'AuthorityUnknown', 1]);
  const changed = await verifier.verify(readFileSync(new URL('changed-reading.coldproof.json', golden)), null);
  assert.equal(changed.word, 'Changed');
});

test('a pinned policy counts only in a page from disk without a bundle', () => {
  const block = JSON.stringify({ pinned: true, savedAt: '2026-01-02T03:04:05.000Z', policy: JSON.parse(policy) });
  for (const [fromDisk, withBundle] of [[true, false], [true, true], [false, false], [false, true]]) {
    const { offer, pinned } = verifier.readPolicyBlock(block, fromDisk, withBundle);
    assert.deepEqual([pinned !== null, offer !== null], fromDisk && !withBundle ? [true, false] : [false, true]);
  }
  assert.equal(verifier.readPolicyBlock(policy, true, false).pinned, null);
});

test('every word of the page stands in three languages with the same places to fill', () => {
  const places = (text) => [...text.matchAll(/\{[0-9]\}/g)].map(([place]) => place).sort().join();
  for (const [key, said] of Object.entries(verifier.WORDS)) {
    for (const language of verifier.LANGUAGES) assert.equal(places(said[language]), places(said.en), `${key} ${language}`);
  }
});

test('why a code does not hold stands in the other languages, with the same places', () => {
  const places = (text) => [...text.matchAll(/\{[0-9]\}/g)].map(([place]) => place).sort().join();
  const source = readFileSync(new URL('../../Evidence/Certificate/CertificateCheck.cs', import.meta.url), 'utf8');
  const faults = /enum CertificateFault\s*\{\s*None = 0,\s*([^}]+)\}/.exec(source)[1].match(/\w+/g);
  assert.deepEqual(Object.keys(verifier.CERTIFICATE_WHY).sort(), faults.sort());
  for (const [fault, { fr, zh }] of Object.entries(verifier.CERTIFICATE_WHY)) assert.ok(fr.length > 10 && zh.length > 4 && places(fr) === places(zh), fault);
});

test('a temperature that rounds to zero has no sign, a limit is never rounded, and durations count what has passed whole', () => {
  const [en, fr] = ['en', 'fr'].map((language) => new verifier.Speech(language));
  assert.deepEqual([en.celsius(-0), en.computed(-0.4), en.computed(-4.9), en.computed(-6), fr.computed(-0.4)],
    ['0.0\u00a0°C', '0.0\u00a0°C', '0.0\u00a0°C', '−0.01\u00a0°C', '0,0\u00a0°C']);
  assert.deepEqual([en.celsius(8_001), en.celsius(-500), en.celsius(8_000)], ['8.001\u00a0°C', '−0.5\u00a0°C', '8.0\u00a0°C']);
  assert.deepEqual([59_999, 60_000, 5_999_999, 400].map((ms) => en.duration(ms)), ['59\u00a0s', '1\u00a0min', '1\u00a0h 39\u00a0min', '0\u00a0s']);
});

test('mean and mean kinetic temperature: vectors computed elsewhere', () => {
  const minutes = (...parts) => parts.flatMap(([celsius, count]) => Array(count).fill(celsius * 1000));
  const of = (temperatures) => verifier.statistics({ probe: { interval: 60_000 },
    readings: temperatures.map((temperature, i) => ({ sequence: i, time: 60_000 * i, outcome: 'Measured', temperature })) });
  for (const [series, kinetic, mean] of [[minutes([20, 120], [2, 240], [25, 60]), 15677.581, 10428.6], [minutes([5, 23], [15, 1]), 5763.546, 5416.7],
    [minutes([2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 1], [8, 1]), 5242.262, 5000], [minutes([-5, 1], [5, 23]), 4758.455, 4583.3]]) {
    const found = of(series);
    assert.ok(Math.abs(found.kinetic - kinetic) < 0.01 && Math.abs(found.mean - mean) < 0.1, JSON.stringify(found));
  }
  assert.equal(of([null]), null);
});
