// Goal: the page says of itself where its own hash stands in the log, and that it is another page where it is; the record's word never changes by it.
// Method: verify.html as it is built, its true hash released by test/releases.mjs, in Chromium from disk, in three languages.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pageSum, writeBlock } from '../../dist/verifier.mjs';
import { publisher } from '../releases.mjs';
import { bundle, file, policy as recordPolicy, visit, world } from './world.mjs';

const html = readFileSync(new URL('../../verify.html', import.meta.url), 'utf8');
const SUM = pageSum(html);
const { policy, release, withdrawal } = publisher();
const json = (value) => Buffer.from(JSON.stringify(value));
const SAYS = {
  en: ['is entry 0 of the log pages.example/log', 'This is another page than the one in the log', 'Nothing in this file says', 'This page was withdrawn on'],
  fr: ["est l'entrée 0 du journal pages.example/log", "n'est pas celle du journal", 'Rien dans ce fichier ne dit', 'Cette page a été retirée le'],
  zh: ['是账本 pages.example/log 的第 0 条记录', '本页与账本中的页面不同', '此文件未说明', '被撤回，原因'],
};
let w;

before(async () => { w = await world(html, 'https://example.org/'); });
after(async () => { await w?.end(); });

const standing = async (tab) => {
  const line = tab.locator('#honest-log .standing');
  return [await line.getAttribute('data-standing'), await line.getAttribute('data-fault'), await line.innerText(), await tab.locator('#page-warning').count()];
};
const choose = async (tab, content, until) => {
  await tab.setInputFiles('#choose', file(content));
  await tab.waitForSelector(until);
};

for (const [language, [logged, other, nothing, back]] of Object.entries(SAYS)) {
  test(`what the page says of its own hash, ${language}`, async () => {
    await visit(w, 'disk', { locale: { en: 'en-GB', fr: 'fr-FR', zh: 'zh-CN' }[language] }, async (tab) => {
      const said = async (name, words, warnings) => {
        const [is, , text, count] = await standing(tab);
        assert.deepEqual([is, count], [name, warnings], text);
        assert.ok(text.includes(words), text);
      };
      await said('Unknown', nothing, 0);
      await choose(tab, json(release(SUM)), '#honest-log [data-fault=ReleaseSigner]');
      await choose(tab, policy, '#honest-log [data-standing=Logged]');
      await said('Logged', logged, 0);
      await choose(tab, json(withdrawal(SUM, '<img src=x> notice 7')), '#honest-log [data-standing=Withdrawn]');
      await said('Withdrawn', back, 1);
      assert.ok((await tab.locator('#page-warning').innerText()).includes('<img src=x> notice 7'));
      assert.equal(await tab.locator('#page-warning img').count(), 0);
      await tab.reload();
      await choose(tab, policy, '#keys .value');
      await choose(tab, json(release('00'.repeat(32))), '#honest-log [data-standing=Different]');
      await said('Different', other, 1);
      assert.ok((await tab.locator('#page-warning').innerText()).includes(other));
    });
  });
}

test('a record keeps its word beside a page that is another', async () => {
  await visit(w, 'disk', { locale: 'en-GB' }, async (tab) => {
    await choose(tab, recordPolicy, '#keys .value');
    await choose(tab, bundle('release-of-another-page'), '#verdict[data-word=Verified]');
    assert.deepEqual((await standing(tab)).filter((_, i) => i !== 2), ['Different', 'None', 1]);
    await choose(tab, bundle('release-with-a-changed-signature'), '#verdict[data-word=Verified]');
    assert.deepEqual((await standing(tab)).filter((_, i) => i !== 2), ['NotProven', 'ReleaseSignature', 1]);
    await choose(tab, bundle('release-signed-by-a-stranger'), '#verdict[data-word=Verified]');
    assert.deepEqual((await standing(tab)).filter((_, i) => i !== 2), ['NotProven', 'ReleaseSigner', 0]);
    await choose(tab, bundle('newest-page-withdrawn-beside-an-older-one'), '#verdict[data-word=Verified]');
    assert.deepEqual((await standing(tab)).filter((_, i) => i !== 2), ['Different', 'None', 1]);
    await choose(tab, bundle('markup-in-the-release'), '#verdict[data-word=Verified]');
    assert.equal(await tab.locator('img').count(), 0);
  });
});

test('a page that its sender filled, and one saved with keys, still say where their hash stands', async () => {
  const pinned = JSON.stringify({ pinned: true, savedAt: '2026-01-02T03:04:05.000Z', policy: JSON.parse(String(policy)) });
  const filled = writeBlock(writeBlock(html, 'policy', pinned), 'context', JSON.stringify({ origin: 'https://example.org', releases: [release(SUM)] }));
  writeFileSync(join(w.folder, 'filled.html'), filled);
  await visit(w, 'disk', { locale: 'en-GB', acceptDownloads: true }, async (tab) => {
    await tab.goto(pathToFileURL(join(w.folder, 'filled.html')).href);
    await tab.waitForSelector('#honest-log [data-standing=Logged]');
    const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('#save-keys')]);
    await download.saveAs(join(w.folder, 'kept.html'));
    assert.equal(pageSum(readFileSync(join(w.folder, 'kept.html'), 'utf8')), SUM);
    await tab.goto(pathToFileURL(join(w.folder, 'kept.html')).href);
    await tab.waitForSelector('#honest-log [data-standing=Logged]');
  });
});
