// The certificate codes that the C# reader is held to, and the same answers. Base45 beside an implementation that is not ours.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import peer from 'base45';
import * as verifier from '../dist/verifier.mjs';

const golden = new URL('../../Gateway.Tests/Golden/certificates/', import.meta.url);
const rows = JSON.parse(readFileSync(new URL('index.json', golden), 'utf8'));
const trust = verifier.parseTrust(new Uint8Array(readFileSync(new URL('trust.json', golden))));

test('every code is listed', () => assert.ok(rows.length >= 60, `${rows.length} rows`));

for (const { name, code, now, word, fault, identity } of rows) {
  test(`certificate ${name}: ${word}, ${fault}`, async () => {
    const answer = await verifier.checkCertificate(code, trust, now);
    assert.equal(`${answer.word} ${answer.fault} ${answer.identity}`, `${word} ${fault} ${identity}`, answer.sentence);
    assert.equal(answer.sentence === '', word === 'Valid');
  });
}

test('what a code says is what was signed', async () => {
  const { certificate, issuer } = await verifier.checkCertificate(rows[0].code, trust, rows[0].now);
  assert.equal(issuer.jurisdiction, 'Utopia');
  assert.deepEqual(certificate.channels.map((claim) => [claim.place, claim.min, claim.max, claim.outMinutes, claim.answer]),
    [['rear, top', 2402, 7610, 0, 'InRange'], ['door', -500, 9300, 17, 'OutOfRange']]);
  assert.equal(`${certificate.answer} ${certificate.root} ${certificate.shipment}`, 'OutOfRange 0e52d9c508c50234 (00)106141411234567897');
});

test('Base45 reads what the base45 package writes', () => {
  for (let length = 0; length < 300; length++) {
    const bytes = randomBytes(length);
    assert.deepEqual(Buffer.from(verifier.base45(peer.encode(bytes))), bytes);
  }
});

test('the base45 package and node read the golden code to the same bytes', () => {
  const packed = peer.decode(rows[0].code.slice(4));
  assert.deepEqual(Buffer.from(verifier.base45(rows[0].code.slice(4))), Buffer.from(packed));
});

test('a list that is none is refused in words', () => {
  const good = readFileSync(new URL('trust.json', golden), 'utf8');
  const read = (text) => verifier.parseTrust(new TextEncoder().encode(text));
  assert.equal(read(good).length, 4);
  for (const bad of ['{}', '[]', good.replace('coldproof-trust/1', 'coldproof-trust/2'), good.replace('"jurisdiction"', '"country"'),
    good.replace('2025-11-24T08:00:00Z', '2025-02-30T08:00:00Z'), good.replace('2025-11-24T08:00:00Z', '2025-11-24 08:00'),
    good.replace('"issuers"', '"comment": 1, "issuers"'), '{"format":"coldproof-trust/1","issuers":[]}']) {
    assert.throws(() => read(bad), /./, bad.slice(0, 80));
  }
});

test('a bomb in any packing is refused before it is held', async () => {
  for (const level of [1, 6, 9]) {
    const code = `CP1:${peer.encode(deflateSync(Buffer.alloc(1_000_000), { level }))}`;
    assert.match((await verifier.checkCertificate(code, trust, rows[0].now)).fault, /CompressionBroken|CodeTooLong/);
  }
});
