// Goal: whatever a person drops on the page is named for what it is, and what can be checked is checked.
// Method: real loggers' files and a real logger's PDF, PDFs written here in each of the ways that tools write them, zlib as the second opinion.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import encodeQR from 'qr';
import * as verifier from '../dist/verifier.mjs';
import { evidencePdf } from './pdfs.mjs';

const here = new URL('./', import.meta.url);
const golden = new URL('../../Gateway.Tests/Golden/attacks/', here);
const bytes = (path, base = here) => new Uint8Array(readFileSync(new URL(path, base)));
const bundle = bytes('untouched.coldproof.json', golden);
const policy = bytes('policy.json', golden);
const random = (length, seed) => Uint8Array.from({ length }, () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 16);
const open = (content) => verifier.openFile(new Blob([content]));

test('inflate gives what zlib gives, for every kind of block', () => {
  const texts = [new Uint8Array(0), random(1, 1), random(70_000, 2), new Uint8Array(300_000), bundle, random(5_000, 3).map((byte) => byte & 7)];
  for (const text of texts) {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [0, 2, 3, 4]) {
        const packed = new Uint8Array(deflateSync(text, { level, strategy }));
        const { bytes: back, consumed } = verifier.unzlib(packed, text.length, 'test');
        assert.equal(Buffer.compare(back, text), 0);
        assert.equal(consumed, packed.length);
        assert.equal(verifier.unzlib(Buffer.concat([packed, random(9, 4)]), text.length, 'test').consumed, packed.length);
      }
    }
  }
});

test('inflate refuses what is too large, cut short or damaged, and never hangs', () => {
  const bomb = new Uint8Array(deflateSync(new Uint8Array(50_000_000)));
  assert.throws(() => verifier.unzlib(bomb, 1_000_000, 'certificate'), /The certificate expands to more than 1000000 bytes/);
  const good = new Uint8Array(deflateSync(bundle));
  for (let length = 0; length < good.length; length += 97) assert.throws(() => verifier.unzlib(good.subarray(0, length), 1e8, 'x'), /x /);
  let refused = 0;
  for (let at = 0; at < good.length; at += 13) {
    const bent = good.slice();
    bent[at] ^= 1 << at % 8;
    try {
      verifier.unzlib(bent, 1e6, 'x');
    } catch (fault) {
      refused++;
      assert.match(fault.message, /^The (x|checksum of the x) /);
    }
  }
  assert.equal(refused, Math.ceil(good.length / 13)); // The checksum sees what the codes do not.
  assert.throws(() => verifier.unzlib(new Uint8Array(deflateRawSync(bundle)), 1e8, 'x'), /not a zlib stream/);
});

for (const form of ['classic', 'updated', 'packed', 'plain', 'late', 'kids', 'lying']) {
  test(`a PDF with a proof, written ${form}`, async () => {
    const answer = verifier.bundleOfPdf(evidencePdf(form, [['trip.coldproof.json', bundle], ['readings.csv', verifier.utf8('x')]]));
    assert.equal(answer.is, 'bundle', answer.reason);
    assert.equal(Buffer.compare(answer.bytes, bundle), 0);
    const opened = await open(evidencePdf(form, [['trip.coldproof.json', bundle]]));
    assert.equal((await verifier.verify(opened.bytes, policy)).word, 'Verified');
  });
}

test('a PDF without a proof, with two, a locked one, a cut one and rubbish each get their answer', async () => {
  const real = bytes('loggers/qtagCLmLR_RCPJ00010_02_202211090128.pdf');
  assert.deepEqual([(await open(real)).key, verifier.bundleOfPdf(real).is], ['pdfWithoutProof', 'none']);
  const two = evidencePdf('classic', [['a.coldproof.json', bundle], ['b.coldproof.json', bundle]]);
  assert.deepEqual(await open(two), { is: 'refused', key: 'pdfSeveral', values: ['2'] });
  const locked = evidencePdf('locked', [['a.coldproof.json', bundle]]);
  assert.equal((await open(locked)).values[0], 'The PDF is locked with a password.');
  const good = evidencePdf('classic', [['trip.coldproof.json', bundle]]);
  for (let length = 8; length < good.length - 200; length += 131) assert.equal((await open(good.subarray(0, length))).key, 'pdfNotReadable');
  assert.equal((await open(Buffer.concat([Buffer.from('%PDF-1.7\n'), random(10_000, 7)]))).key, 'pdfNotReadable');
  const bomb = evidencePdf('classic', [['trip.coldproof.json', new Uint8Array(70 * 1024 * 1024)]]);
  assert.match((await open(bomb)).values[0], /expands to more than 67108864 bytes/);
});

test('a PDF whose objects, names or brackets run in circles ends', async () => {
  for (const form of ['circle', 'deep', 'bottomless', 'overlapping']) assert.equal((await open(evidencePdf(form, []))).key, 'pdfNotReadable', form);
  assert.match((await open(evidencePdf('overlapping', []))).values[0], /overlap/);
});

const verdict = await verifier.verify(bundle, policy);
const stamp = (time) => new Date(time).toISOString();
const degrees = (value) => value === null ? '' : (value / 1000).toFixed(3);
const outcomes = ['Measured', 'NotSampled', 'NotPresent', 'NoAcknowledge', 'Timeout', 'NotReady', 'BadChecksum', 'OutOfRange', 'Implausible'];
const rows = verdict.channels.flatMap(({ channel, readings }) => readings.map(({ sequence, time, temperature, outcome }) =>
  [channel, sequence, stamp(time), degrees(temperature), outcomes.indexOf(outcome)]));
const head = 'channel,sequence,time_utc,temperature_c,status';
const table = (lines, separator = ',', end = '\n') => verifier.utf8([head.replaceAll(',', separator), ...lines.map((row) => row.join(separator)), ''].join(end));
const compare = (content) => verifier.compareCsv(verifier.parseCsv(content), verdict.channels);

test('readings.csv as exported equals the proof; so does one with semicolons and decimal commas', async () => {
  assert.ok(rows.length > 20 && rows.some((row) => row[3] === ''), 'the bundle has readings, one without a value');
  assert.equal((await open(table(rows))).is, 'csv');
  const equal = { equal: rows.length, missing: 0, extra: 0, differing: 0, first: null };
  assert.deepEqual(compare(table(rows)), equal);
  assert.deepEqual(compare(table(rows.map((row) => row.map((cell, i) => i === 3 ? cell.replace('.', ',') : cell)), ';', '\r\n')), equal);
});

test('the first reading that differs, lacks or is too many is named', () => {
  const bend = (at, column, value) => table(rows.map((row, i) => i === at ? row.map((cell, j) => j === column ? value : cell) : row));
  const warm = compare(bend(3, 3, degrees(verdict.channels[0].readings[3].temperature + 1)));
  assert.deepEqual([warm.differing, warm.equal, warm.first.kind, warm.first.line, warm.first.sequence, warm.first.column],
    [1, rows.length - 1, 'differs', 5, rows[3][1], 'temperature_c']);
  assert.equal(compare(bend(2, 2, stamp(verdict.channels[0].readings[2].time + 1))).first.column, 'time_utc');
  assert.equal(compare(bend(2, 4, 3)).first.column, 'status');
  const missing = compare(table(rows.filter((_, i) => i !== 4)));
  assert.deepEqual([missing.missing, missing.first.kind, missing.first.sequence], [1, 'missing', rows[4][1]]);
  const extra = compare(table([...rows, [0, 999_999, rows[0][2], '4.000', 0]]));
  assert.deepEqual([extra.extra, extra.first.kind, extra.first.line], [1, 'extra', rows.length + 2]);
  assert.equal(compare(table([...rows, rows[0]])).first.kind, 'repeated');
});

test('what a table is to the record that is open is said with its values, and not at all where nothing can be compared', () => {
  const gap = rows.findIndex((row) => row[3] === '');
  const say = (lines, shown = verdict, language = 'en') => verifier.csvAnswer(verifier.parseCsv(table(lines)), shown, language);
  const changed = (at, column, value) => rows.map((row, i) => i === at ? row.map((cell, j) => j === column ? value : cell) : row);
  assert.match(say(rows), /^All 24 readings of the table are those of the proof, to the thousandth of a degree\.$/);
  assert.match(say(rows, { ...verdict, word: 'SignerUnknown' }), /degree\. The proof itself is not verified: see its word\.$/);
  assert.match(say(rows, { ...verdict, word: 'Changed' }, 'zh'), /千分之一度。该证明/, 'Chinese sets no space between sentences');
  assert.match(say(changed(0, 3, '9.999')), /: the table says 9\.999\u00a0°C, the proof says [0-9.]+\u00a0°C\.$/);
  assert.match(say(changed(gap, 3, '4.000')), /: the table says 4\.000\u00a0°C, the proof says no value\.$/);
  assert.match(say(rows.filter((_, i) => i !== gap)), /missing from the table: 1\. .*: no value\.$/);
  assert.match(say([...rows, rows[0]]), /^Line 26 of the table gives reading 0 of channel 0 a second time\./);
  assert.match(say([...rows, [0, 999_999, rows[0][2], '4.000', 0]]), /^The table has readings that the proof does not have: 1\./);
  assert.match(say(rows, null), /open the proof first/);
  assert.match(say(rows, { ...verdict, channels: [] }), /ended before its readings were reached/);
  assert.match(say(rows, { ...verdict, level: 'summaries' }), /discloses no single readings/);
});

test('a table that was rewritten is refused by its line', async () => {
  for (const [column, value, words] of [[0, 'x', 'channel'], [1, '1e3', 'sequence'], [2, '05/02/2022 10:36', 'time'], [3, '4,6', 'columns'],
    [3, '4.6001', 'three decimals'], [3, '=1+1', 'three decimals'], [4, '9', 'status']]) {
    const opened = await open(table([rows[0], rows[1].map((cell, i) => i === column ? value : cell)]));
    assert.ok(opened.key === 'damaged' && opened.values[0].startsWith('Line 3 of the table: ') && opened.values[0].includes(words), opened.values[0]);
  }
});

const trip = bytes('../../Sensors/Emulation/Trips/fridgetag2L_130500109088_202206081014.txt');
const loggers = [
  [trip, 'Q-tag Fridge-tag 2 L', '130500109088', 10_653, 0, -84, 302],
  [bytes('loggers/fridgetag2_130400191542_202302140605.txt'), 'Q-tag Fridge-tag 2', '130400191542', 0, 0, null, null],
  [bytes('loggers/fridgetagUL_100800001215_202304201410.txt'), 'Q-tag Fridge-tag Ultra Low', '100800001215', 841, 6, -170, -96],
  [bytes('loggers/qtagCLmLR_RCPJ00010_02_202211090128.txt'), 'Q-tag CLm doc LR', 'RCPJ00010', 124, 0, null, null],
];

for (const [content, device, serial, count, missing, min, max] of loggers) {
  test(`the ${device}'s own signature holds, and for no changed byte`, async () => {
    const { is, report } = await open(content);
    assert.deepEqual([is, report.device, report.serial, report.file, report.issuerKnown], ['logger', device, serial, 'unchanged', true]);
    assert.deepEqual([report.readings.length, report.missing], [count, missing]);
    if (min !== null) assert.deepEqual([report.min, report.max], [min, max]);
    for (let at = 200; at < content.length; at += Math.ceil(content.length / 40)) {
      const bent = content.slice();
      bent[at] ^= 1;
      assert.notEqual(verifier.readLogger(bent).file, 'unchanged', `byte ${at}`);
    }
    const text = Buffer.from(content).toString('latin1');
    for (const other of [text.replaceAll('\r\n', '\n'), `${text}more\r\n`, text.replace(/Sig: .*/s, '')]) {
      assert.notEqual(verifier.readLogger(Buffer.from(other, 'latin1')).file, 'unchanged');
    }
  });
}

test('a logger’s file signed with a key of one’s own is unchanged, its issuer unknown', async () => {
  const { p256 } = await import('@noble/curves/nist.js');
  const { sha256 } = await import('@noble/hashes/sha2.js');
  const { secretKey } = p256.keygen();
  const turn = (pair) => Buffer.concat([Buffer.from(pair.slice(0, 32)).reverse(), Buffer.from(pair.slice(32)).reverse()]).toString('hex');
  const text = Buffer.from(trip).toString('latin1').replace(/Public Key: .*/, `Public Key: ${turn(p256.getPublicKey(secretKey, false).slice(1))}`)
    .replace('\t5.7\r\n', '\t4.7\r\n');
  const body = text.slice(0, text.indexOf('Sig: '));
  const forged = `${body}Sig: ${turn(p256.sign(sha256(Buffer.from(body, 'latin1')).reverse(), secretKey, { prehash: false }))}\r\n`;
  const report = verifier.readLogger(Buffer.from(forged, 'latin1'));
  assert.deepEqual([report.file, report.issuerKnown], ['unchanged', false]);
});

test('a QR code is read from pixels, small, large and turned; a picture without one gives nothing', () => {
  const text = 'https://example.org/p/5f3a91c0#r=77db3b4a';
  const raw = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  for (const [scale, turned] of [[2, false], [4, true], [9, false]]) {
    const side = raw.length * scale;
    const data = new Uint8ClampedArray(side * side * 4).fill(255);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const dark = turned ? raw[Math.floor(x / scale)][raw.length - 1 - Math.floor(y / scale)] : raw[Math.floor(y / scale)][Math.floor(x / scale)];
        if (dark) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
      }
    }
    assert.equal(verifier.readQr({ width: side, height: side, data }), text);
  }
  assert.equal(verifier.readQr({ width: 200, height: 200, data: Uint8ClampedArray.from(random(160_000, 5)) }), null);
  assert.deepEqual(verifier.openText(text), { is: 'link', url: text, root: '77db3b4a' });
  assert.deepEqual(verifier.openText('WIFI:T:WPA;S:x;;'), { is: 'refused', key: 'otherCode', values: ['WIFI:T:WPA;S:x;;'] });
  assert.equal(verifier.openText('javascript:alert(1)').key, 'otherCode');
});

test('every wrong file is named for what it is', async () => {
  const files = {
    empty: '', unknown: random(5000, 9), text: 'Dear Madam,\nplease find enclosed.\n', otherTable: 'date;value\n1;2\n',
    webPage: '<!doctype html><p>Hello', archive: Buffer.from('PK\u0003\u0004xxxx'), unknownVersion: '{"format":"coldproof-policy/7"}',
  };
  for (const [key, content] of Object.entries(files)) assert.equal((await open(content)).key, key);
  assert.equal((await open('CP9:ABC')).key, 'unknownVersion');
  assert.equal((await open('CP1:ABC\n')).is, 'certificate');
  assert.equal((await open(policy)).is, 'policy');
  assert.equal((await open('{"format":"coldproof-trust/1"}')).is, 'trust');
  const strange = await open('{"format":"coldproof/7"}');
  assert.deepEqual([strange.is, (await verifier.verify(strange.bytes, policy)).word], ['bundle', 'CannotCheck']);
  const page = `<!doctype html><title>Coldproof</title><script type="application/json" id="coldproof-bundle">${Buffer.from(bundle)}</script>`;
  const saved = await open(page);
  assert.deepEqual([saved.is, saved.from, Buffer.compare(saved.bytes, bundle)], ['bundle', 'evidence', 0]);
  assert.equal((await open('<!doctype html><title>Coldproof</title>')).key, 'webPage');
});

test('a file that is too large is not read', async () => {
  let read = 0;
  const huge = (start) => ({ size: 2 ** 31, slice: (from, to) => new Blob([start]).slice(from, to), arrayBuffer: () => read++ });
  for (const start of ['{"format":"coldproof/1"', '%PDF-1.7', 'CP1:', 'Device: Q-tag\r\nVers: 1.0\r\n', head, '<html>coldproof', '\u0000\u0001', '{"a":1']) {
    assert.deepEqual([(await verifier.openFile(huge(start))).key, read], ['tooLarge', 0], start);
  }
});

test('every sentence exists in three languages, with the same places to fill in', () => {
  const places = (text) => [...text.matchAll(/\{[0-9]\}/g)].map((match) => match[0]).sort().join();
  for (const key of verifier.SENTENCE_KEYS) {
    const [en, fr, zh] = ['en', 'fr', 'zh'].map((language) => verifier.sentence(key, language, ['{0}', '{1}', '{2}', '{3}', '{4}']));
    assert.ok(en && fr && zh && en !== fr && /\p{Script=Han}/u.test(zh), key);
    assert.deepEqual([places(fr), places(zh)], [places(en), places(en)], key);
  }
});
