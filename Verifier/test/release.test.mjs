// Goal: what is said about the page in hand follows from a release that others can write, and from nothing else.
// Method: releases written by test/releases.mjs with node's own cryptography, read by our code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as verifier from '../dist/verifier.mjs';
import { publisher } from './releases.mjs';

const [SUM, OTHER] = ['11', '22'].map((pair) => pair.repeat(32));
const read = (release) => verifier.parseReleaseFile(verifier.utf8(JSON.stringify(release)));

test('a release is believed under the policy of its authority alone', async () => {
  const [ours, theirs] = [publisher(), publisher()];
  const standing = async (file, policy) => {
    const answer = verifier.pageAnswer([await verifier.checkRelease(read(file), policy)], SUM);
    return `${answer.standing} ${answer.release?.finding?.key ?? ''}`;
  };
  const policy = verifier.parsePolicy(ours.policy);
  assert.equal(await standing(ours.release(SUM), policy), 'Logged ');
  assert.equal(await standing(ours.release(OTHER), policy), 'Different ');
  assert.equal(await standing(ours.release(SUM, { name: 'gateway' }), policy), 'Unknown ');
  assert.equal(await standing(ours.release(SUM, { receipt: false }), policy), 'NotProven ReceiptMissing.release');
  assert.equal(await standing(theirs.release(SUM), policy), 'NotProven ReleaseSigner');
  assert.equal(await standing(ours.release(SUM), null), 'NotProven ReleaseSigner.nobody');
  const mixed = { ...ours.release(SUM), receipt: theirs.release(SUM).receipt };
  assert.equal(await standing(mixed, policy), 'NotProven ReceiptInvalid.release');
});

test('a withdrawal counts on the signature of an authority, with or without the log, for its own page alone', async () => {
  const [ours, theirs] = [publisher(), publisher()];
  const policy = verifier.parsePolicy(ours.policy);
  const standing = async (...files) => verifier.pageAnswer(await Promise.all(files.map((file) => verifier.checkRelease(read(file), policy))), SUM).standing;
  const own = ours.release(SUM);
  assert.equal(await standing(own, ours.withdrawal(SUM, 'why')), 'Withdrawn');
  assert.equal(await standing(ours.withdrawal(SUM, 'why', { receipt: false }), own), 'Withdrawn');
  assert.equal(await standing({ ...ours.withdrawal(SUM, 'why'), receipt: own.receipt }), 'Withdrawn');
  assert.equal(await standing(own, theirs.withdrawal(SUM, 'why')), 'Logged');
  assert.equal(await standing(own, ours.withdrawal(OTHER, 'why')), 'Logged');
  assert.equal(await standing(own, ours.withdrawal(SUM, 'why', { name: 'gateway' })), 'Logged');
  assert.equal(await standing(own, ours.withdrawal(SUM, '')), 'Logged');
  assert.equal(await standing(ours.release(OTHER), ours.withdrawal(OTHER, 'why')), 'Unknown');
});

test('the file is read strictly, and a context is passed over where it is not one', () => {
  const good = publisher().release(SUM);
  for (const bent of [{ ...good, sum: SUM }, { ...good, format: 'coldproof-release/2' }, { format: good.format }, { ...good, statement: `${good.statement} ` }]) {
    assert.throws(() => read(bent), /./);
    assert.deepEqual(verifier.releasesIn({ releases: [bent] }), []);
  }
  assert.equal(verifier.releasesIn({ releases: [good, { format: 'other' }] }).length, 1);
  for (const other of [null, 7, 'x', { length: 1 }]) assert.deepEqual(verifier.releasesIn({ releases: other }), []);
  assert.equal(verifier.recognise(verifier.utf8(JSON.stringify(good))).kind, 'release');
});
