// Goal: a regulator without network reads a certificate code on the published page, from a file, a picture and a pasted list, in three languages.
// Method: verify.html in a real Chromium, cut off, its clock set to the day of the golden codes; axe-core on every word.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import encodeQR from 'qr';
import { bundle, file, policy, visit, world } from './world.mjs';

const html = readFileSync(new URL('../../verify.html', import.meta.url), 'utf8');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const golden = new URL('../../../Gateway.Tests/Golden/certificates/', import.meta.url);
const rows = JSON.parse(readFileSync(new URL('index.json', golden), 'utf8'));
const trust = readFileSync(new URL('trust.json', golden));
const code = (name) => rows.find((row) => row.name === name);
let w;

before(async () => { w = await world(html, code('valid').code); });
after(async () => { await w?.end(); });

const choose = async (tab, buffer, input = '#choose') => tab.setInputFiles(input, file(buffer));
const word = async (tab, expected) => {
  await tab.waitForSelector(`#verdict[data-word="${expected}"]`);
  return tab.textContent('#verdict');
};

/** Opens the page at the golden codes' day. */
const at = (place, locale, now, use) => visit(w, place, { locale }, async (tab) => {
  await tab.clock.setFixedTime(now);
  await use(tab);
});

test('a code alone has an unknown issuer; with the list it is valid, and its claims are shown as claims', async () => {
  const { code: text, now } = code('valid');
  for (const place of ['disk', 'localhost']) {
    await at(place, 'en-GB', now, async (tab) => {
      await choose(tab, text);
      assert.match(await word(tab, 'IssuerUnknown'), /ISSUER UNKNOWN/);
      assert.equal(await tab.evaluate(() => document.activeElement.id), 'verdict');
      await choose(tab, trust, '#choose-issuers');
      assert.match(await word(tab, 'Valid'), /CERTIFICATE VALID.*ask for the evidence file.*Ministry of Health \(Utopia\).*\(00\)106141411234567897/s);
      assert.deepEqual(await tab.$$eval('#claims [data-answer]', (all) => all.map((claim) => claim.dataset.answer)), ['InRange', 'OutOfRange']);
      assert.match(await tab.textContent('#claims'), /17 min/);
      assert.match(await tab.title(), /CERTIFICATE VALID/);
    });
  }
});

test('the picture of a code is read as its text is', async () => {
  const { code: text, now } = code('valid');
  await at('disk', 'en-GB', now, async (tab) => {
    await choose(tab, trust);
    await tab.waitForSelector('#message');
    assert.match(await tab.textContent('#message'), /trust list of 4 issuers/);
    await choose(tab, Buffer.from(encodeQR(text, 'gif', { scale: 4, border: 4, ecc: 'medium' })));
    await word(tab, 'Valid');
  });
});

test('a certificate code before the camera is checked as its text is, and the camera is let go', async () => {
  await visit(w, 'localhost', { locale: 'en-GB', camera: true }, async (tab) => {
    await tab.clock.setFixedTime(code('valid').now);
    await choose(tab, trust);
    await tab.waitForSelector('#message');
    await tab.click('#camera');
    await tab.waitForSelector('#verdict[data-word="Valid"]', { timeout: 60_000 });
    assert.match(await tab.textContent('#verdict'), /Ministry of Health \(Utopia\).*\(00\)106141411234567897/s);
    assert.equal(await tab.evaluate(() => document.querySelector('video').srcObject), null);
  });
});

test('every golden code gets its word on the page, and no text of it is ever markup', async () => {
  await at('disk', 'en-GB', rows[0].now, async (tab) => {
    await choose(tab, trust);
    await tab.waitForSelector('#message');
    const wrong = [];
    for (const { name, code: text, now, word: expected, fault } of rows.filter((row) => row.code.startsWith('CP1:') && row.code.length < 4_000)) {
      await tab.clock.setFixedTime(now);
      await choose(tab, text);
      await tab.waitForSelector(`#verdict[data-fault="${fault}"]`, { timeout: 10_000 }).catch(() => wrong.push(name));
      if (await tab.getAttribute('#verdict', 'data-word') !== expected) wrong.push(`${name}: ${expected}`);
      if (await tab.$('#verdict img, #claims img, #verdict script') !== null) wrong.push(`${name}: markup`);
    }
    assert.deepEqual(wrong, []);
  });
});

test('each word in each language: nothing for axe-core to say, in light and dark, on a phone and on a desk', async () => {
  const names = ['valid', 'expired', 'changed-claim', 'zlib-cut', 'unknown-issuer', 'not-yet-valid'];
  for (const [language, locale] of [['en', 'en-GB'], ['fr', 'fr-FR'], ['zh', 'zh-CN']]) {
    await at('disk', locale, rows[0].now, async (tab) => {
      await choose(tab, trust);
      await tab.waitForSelector('#message');
      for (const name of names) {
        const { code: text, now, fault } = code(name);
        await tab.clock.setFixedTime(now);
        await choose(tab, text);
        await tab.waitForSelector(`#verdict[data-fault="${fault}"]`);
        await tab.clock.resume();
        await tab.evaluate(`window.axe || (() => { ${axe} })()`);
        for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']]) {
          await tab.setViewportSize({ width, height: 800 });
          await tab.emulateMedia({ colorScheme });
          const found = await tab.evaluate(async () => {
            const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
            return [...violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`), ...(document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : [])];
          });
          assert.deepEqual(found, [], `${name} ${language} ${width}`);
        }
      }
    });
  }
});

test('what a changed code says is not shown', async () => {
  const { code: text, now } = code('changed-shipment');
  await at('disk', 'en-GB', now, async (tab) => {
    await choose(tab, trust);
    await tab.waitForSelector('#message');
    await choose(tab, text);
    assert.doesNotMatch(await word(tab, 'Changed'), /106141411234567903|verified|Utopia \(/);
    assert.equal(await tab.$('#claims'), null);
  });
});

test('a record after a code is a record again', async () => {
  const { code: text, now } = code('valid');
  await at('disk', 'en-GB', now, async (tab) => {
    await choose(tab, text);
    await word(tab, 'IssuerUnknown');
    await choose(tab, bundle('untouched'));
    await word(tab, 'SignerUnknown');
    await choose(tab, policy);
    await word(tab, 'Verified');
  });
});
