// The same bundles and vectors that the C# verifier is held to, and the same answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as verifier from '../dist/verifier.mjs';

const golden = new URL('../../Gateway.Tests/Golden/', import.meta.url);
const bytes = (path) => new Uint8Array(readFileSync(new URL(path, golden)));
const json = (path) => JSON.parse(readFileSync(new URL(path, golden), 'utf8'));

const attacks = json('attacks/index.json');
const policy = bytes('attacks/policy.json');

test('every attack is listed', () => assert.ok(attacks.length >= 248, `${attacks.length} rows`));

/** What the releases of a verdict say about the golden page, in the form of index.json. */
const pageOf = ({ releases }, sum) => {
  const say = ({ key, values }) => verifier.reason('en', key, values);
  const utc = (ms) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const answer = verifier.pageAnswer(releases, sum);
  return { sum, standing: answer.standing, says: verifier.reason('en', ...verifier.pageSentence(answer, utc, say)),
    releases: releases.map(({ finding }) => finding?.fault ?? 'None') };
};

for (const { name, word, fault, reason, policy: own, page, notes } of attacks) {
  test(`attack ${name}: ${word}, ${fault}`, async () => {
    const verdict = await verifier.verify(bytes(`attacks/${name}.coldproof.json`), own === undefined ? policy : bytes(`attacks/${own}`));
    assert.equal(`${verdict.word} ${verdict.fault}`, `${word} ${fault}`, verdict.reason);
    const finding = verdict.checks.find((check) => check.state === 'Failed')?.finding ?? null;
    assert.equal(finding === null ? '' : verifier.reason('en', finding.key, finding.values), reason, 'word for word as the C# verifier says it');
    assert.deepEqual(verdict.notes.map(({ key, values }) => verifier.reason('en', key, values)), notes, 'what is to be read beside the word');
    assert.deepEqual(verdict.releases.length === 0 ? undefined : pageOf(verdict, page.sum), page, 'what is said of the page');
    const failed = verdict.checks.findIndex((check) => check.state === 'Failed');
    assert.equal(verdict.checks.length, 8);
    assert.equal(failed < 0, fault === 'None');
    verdict.checks.forEach((check, i) => assert.equal(check.state, failed < 0 || i < failed ? 'Ok' : i === failed ? 'Failed' : 'NotChecked'));
  });
}

test('a window in which nothing was recorded is never "in range"', async () => {
  const nothing = await verifier.verify(bytes('attacks/window-before-enrolment.coldproof.json'), policy);
  assert.deepEqual([nothing.word, nothing.channels], ['Incomplete', []]);
  const partly = await verifier.verify(bytes('attacks/window-from-before-the-first-batch.coldproof.json'), policy);
  assert.deepEqual(partly.channels.map((channel) => [channel.answer, channel.intervals[0].answer]), [['NoData', 'NoData']]);
});

test('a signature is judged the same without WebCrypto', async () => {
  const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  try {
    for (const name of ['untouched', 'changed-signature', 'malleated-signature', 'signed-by-another-key']) {
      const row = attacks.find((attack) => attack.name === name);
      const verdict = await verifier.verify(bytes(`attacks/${name}.coldproof.json`), policy);
      assert.equal(verdict.fault, row.fault, verdict.reason);
    }
  } finally {
    if (real) Object.defineProperty(globalThis, 'crypto', real);
    else delete globalThis.crypto;
  }
});

test('two cryptographies that disagree are CANNOT CHECK, whichever is wrong, and about either kind of signature', async () => {
  const { subtle } = globalThis.crypto;
  const real = subtle.verify;
  for (const kind of ['ECDSA', 'Ed25519']) {
    for (const name of ['untouched', kind === 'ECDSA' ? 'changed-signature' : 'checkpoint-changed']) {
      subtle.verify = async function (algorithm, ...rest) {
        const answer = await real.call(this, algorithm, ...rest);
        return algorithm.name === kind ? !answer : answer;
      };
      try {
        const verdict = await verifier.verify(bytes(`attacks/${name}.coldproof.json`), policy);
        assert.equal(`${verdict.word} ${verdict.fault}`, 'CannotCheck CryptoDisagrees', `${kind} ${name}: ${verdict.reason}`);
        assert.match(verdict.reason, kind === 'ECDSA' ? /P-256/ : /Ed25519/);
      } finally {
        delete subtle.verify;
      }
    }
  }
  assert.equal((await verifier.verify(bytes('attacks/untouched.coldproof.json'), policy)).word, 'Verified');
});

test('layouts: leaves and headers read', () => {
  const layouts = json('layouts.json');
  for (const name of Object.keys(layouts).filter((key) => /^(reading|summary|verdict|event)/.test(key))) {
    assert.ok(name.startsWith(verifier.decodeLeaf(verifier.unhex(layouts[name])).kind), name);
  }
  assert.equal(verifier.decodeHeader(verifier.unhex(layouts.header)).leaves, 24);
  const column = verifier.decodeColumn(verifier.unhex(layouts.column));
  assert.deepEqual(column.samples.map((sample) => sample.temperature), [4600, null, 4594]);
  assert.equal(column.samples.length, 3);
  assert.equal(verifier.columnHashes(column).length, 3);
});

const log = json('log/log.json');

for (const { name, committed, bytes: tree, fault } of log.partialTrees) {
  test(`partial tree ${name}: ${fault}`, () => assert.equal(verifier.verifyPartialTree(verifier.unhex(tree), committed).fault, fault));
}

test('sibling paths lead to their roots', () => {
  const leaf = (i) => verifier.leafHash(verifier.utf8(`ccv test leaf number ${String(i).padStart(8, '0')} padded to length`));
  for (const { n, known, root, siblings } of log.siblingPaths) {
    const check = verifier.verifySiblingPath(verifier.unhex(siblings), n, known.map((index) => ({ index, hash: leaf(index) })));
    assert.equal(check.reason, '');
    assert.equal(verifier.hex(check.root), root);
  }
});

test("NBitcoin's partial trees read as they were written", () => {
  for (const { n, root, proofs } of json('bip37/bip37-nbitcoin-10.0.9.json').vectors) {
    for (const { leaves, partialMerkleTree } of proofs) {
      const check = verifier.verifyPartialTree(verifier.unhex(partialMerkleTree), n);
      assert.equal(`${verifier.hex(check.root)} ${check.leaves.map((leaf) => leaf.index)}`, `${root} ${leaves}`);
    }
  }
});

test('RFC 6962 inclusion holds, and not for a neighbour', () => {
  for (const { index, size, path } of log.inclusion) {
    const leaf = verifier.leafHash(verifier.unhex(log.logEntries[index]));
    const siblings = path.map(verifier.unhex);
    const root = verifier.unhex(log.logRoots[size]);
    assert.equal(verifier.inclusionFault(leaf, BigInt(index), BigInt(size), siblings, root), null);
    assert.notEqual(verifier.inclusionFault(leaf, BigInt(index + 1), BigInt(size), siblings, root), null);
  }
});

const pathFault = (receipt, entry) => {
  const { index, path, checkpoint } = verifier.parseProof(receipt);
  return verifier.inclusionFault(verifier.leafHash(verifier.unhex(entry)), index, checkpoint.size, path, checkpoint.root);
};

for (const { name, entry, receipt, reason } of log.receipts) {
  test(`receipt ${name}: ${reason || 'holds'}`, () => {
    const check = verifier.checkReceipt(receipt, verifier.unhex(entry), new verifier.TlogPolicy(log.policy));
    assert.equal(check.fault === 'None', reason === '', check.reason);
    // The vectors name a wrong path before a wrong signature; a verdict names the signature first. Both sentences are held.
    assert.equal(reason.startsWith('The inclusion path') ? pathFault(receipt, entry) : check.reason, reason);
  });
}

test('every fault of the code has its sentences, with the same places in every language, and every golden finding fills its own', async () => {
  const source = (name) => readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
  const union = /export type Fault = ([^;]*);/.exec(source('verdict'))[1];
  const faults = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name).filter((name) => name !== 'None');
  const { en, ...others } = verifier.REASONS;
  assert.deepEqual([...new Set(Object.keys(en).filter((key) => !/^(note|page)\./.test(key)).map((key) => key.split('.')[0]))].sort(), faults.sort());
  const places = (text) => [...new Set(text.match(/\{[0-9]\}/g) ?? [])].sort().join('');
  for (const [language, said] of Object.entries(others)) {
    assert.deepEqual(Object.keys(said).sort(), Object.keys(en).sort(), language);
    for (const key of Object.keys(en)) {
      assert.equal(places(said[key]), places(en[key]), `${language} ${key}`);
      assert.notEqual(said[key], en[key], `${language} ${key} is left in English`);
    }
  }
  const named = ['verifier', 'batches', 'channel', 'logrules', 'logheads', 'release'].flatMap((name) => [...source(name).matchAll(/found\('(\w+)', '(\w*)'/g)]);
  assert.ok(named.length > 40, `${named.length} findings in the source`);
  for (const [, fault, variant] of named) assert.ok((variant === '' ? fault : `${fault}.${variant}`) in en, `${fault} ${variant}`);
  for (const { name } of attacks) {
    const { checks } = await verifier.verify(bytes(`attacks/${name}.coldproof.json`), policy);
    const finding = checks.find((check) => check.finding !== null)?.finding;
    if (finding) assert.equal(places(en[finding.key]), finding.values.map((_, i) => `{${i}}`).join(''), `${name}: ${finding.key}`);
  }
});
