// Goal: the regulator's page itself, as it is published, can be used by everybody: by eye, by ear, by keyboard, on a phone, in three languages, in the dark.
// Method: verify.html in a real Chromium, cut off from the network; every state of it goes through axe-core, and through our own rulers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import encodeQR from 'qr';
import { evidencePdf } from '../pdfs.mjs';
import { bundle, file, golden, policy, visit, world } from './world.mjs';

const html = readFileSync(new URL('../../verify.html', import.meta.url), 'utf8');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const attacks = JSON.parse(readFileSync(new URL('index.json', golden), 'utf8'));
const ROOTS = JSON.parse(String(bundle('untouched'))).batches.length;
const CODE = 'https://example.org/p/5f3a91c0#r=0123456789abcdef';
const LOCALES = { en: 'en-GB', fr: 'fr-FR', zh: 'zh-CN' };
let w;

before(async () => { w = await world(html, CODE); });
after(async () => { await w?.end(); });

/** Each state of the page, how to reach it, and its word. */
const STATES = {
  empty: [[], null], verified: [[policy, bundle('untouched')], 'Verified'], changed: [[policy, bundle('changed-reading')], 'Changed'],
  incomplete: [[policy, bundle('left-out-batch')], 'Incomplete'], signer: [[bundle('untouched')], 'SignerUnknown'],
  time: [[policy, bundle('backdated-trip')], 'TimeNotProven'], pending: [[policy, bundle('receipt-taken-away')], 'NotYetAnchored'],
  cannot: [[policy, bundle('unknown-format-version')], 'CannotCheck'], page: [[policy, bundle('release-of-another-page')], 'Verified'], wrong: [[Buffer.from('<3, said the pallet')], null],
};

async function reach(tab, name) {
  const [files, word] = STATES[name];
  for (const [i, content] of files.entries()) {
    await tab.setInputFiles('#choose', file(content));
    if (content === policy) await tab.waitForSelector('#keys .value');
    else await tab.waitForSelector(word === null ? '#message' : `#verdict[data-word="${word}"]`, { timeout: 30_000 });
    assert.ok(i < 2);
  }
}

/** What axe-core finds against WCAG 2.2 A and AA, and what our own rulers find: small targets, side-scrolling, a language that is not said. */
async function complaints(tab, language) {
  await tab.evaluate(() => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
  await tab.waitForFunction(() => [...document.querySelectorAll('details .unfolded')].every((part) => part.childElementCount > 0));
  await tab.evaluate(`window.axe || (() => { ${axe} })()`);
  const found = await tab.evaluate(async () => {
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`));
  });
  const ours = await tab.evaluate(() => {
    const small = [...document.querySelectorAll('button, .file, summary, a[href]')].filter((target) => target.checkVisibility())
      .map((target) => [target, target.getBoundingClientRect()]).filter(([, { width, height }]) => width < 44 || height < 44)
      .map(([target, { width, height }]) => `${Math.round(width)} by ${Math.round(height)}: ${target.outerHTML.slice(0, 100)}`);
    const { scrollWidth, lang } = document.documentElement;
    // Chinese may go on in the next line after any sign; a word of letters may not.
    const broken = [...document.querySelectorAll('.word h1')].flatMap((heading) => [...heading.textContent.matchAll(/[^\s\u2e80-\uffff]+/g)].filter(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(heading.firstChild, index);
      range.setEnd(heading.firstChild, index + word.length);
      return range.getClientRects().length > 1;
    })).map(([word]) => `the word ${word} is broken`);
    return { small, scrolls: scrollWidth > innerWidth, lang, broken };
  });
  return [...found, ...ours.small, ...ours.broken, ...(ours.scrolls ? ['the page scrolls sideways'] : []), ...(ours.lang.startsWith(language) ? [] : [`lang is ${ours.lang}`])];
}

for (const [language, locale] of Object.entries(LOCALES)) {
  test(`every state in ${language}, at 360 and 1280 px, light, dark and in forced colours: nothing for axe-core to say, no small target, no scrolling sideways`, async () => {
    await visit(w, 'disk', { locale }, async (tab) => {
      const wrong = {};
      for (const name of Object.keys(STATES)) {
        await tab.reload();
        await reach(tab, name);
        for (const [width, colorScheme, forcedColors] of [[360, 'light'], [360, 'dark'], [1280, 'light'], [1280, 'dark'], [360, 'dark', 'active']]) {
          await tab.setViewportSize({ width, height: 800 });
          await tab.emulateMedia({ colorScheme, forcedColors: forcedColors ?? 'none', reducedMotion: 'reduce' });
          const found = await complaints(tab, language);
          if (found.length > 0) wrong[`${name} ${width} ${colorScheme} ${forcedColors ?? ''}`] = found;
        }
      }
      assert.deepEqual(wrong, {});
    });
  });
}

test("a window in which nothing was recorded is NO DATA at every level but that of headers, in the ledger's words", async () => {
  for (const [language, locale] of Object.entries(LOCALES)) {
    const ledger = JSON.parse(readFileSync(new URL(`../../../Ledger/Pages/Texts/${language}.json`, import.meta.url), 'utf8'));
    await visit(w, 'disk', { locale }, async (tab) => {
      await tab.setInputFiles('#choose', file(policy));
      await tab.waitForSelector('#keys .value');
      for (const level of ['headers', 'verdicts', 'summaries', 'readings']) {
        await tab.setInputFiles('#choose', file(bundle(`nothing-recorded-at-the-level-of-${level}`)));
        await tab.waitForSelector('#verdict[data-word=Verified]');
        assert.equal(await tab.innerText('#temperature .answer'), ledger[level === 'headers' ? 'answer.undisclosed' : 'answer.Nothing'], `${language} ${level}`);
        const table = await tab.locator('#temperature tbody tr').allInnerTexts();
        assert.equal(table.length, level === 'headers' ? 0 : 1);
        assert.ok(level === 'headers' || table[0].includes(ledger['causes.NoReading']), table[0]);
        await tab.evaluate(() => document.querySelector('#verdict').remove()); // So that the next answer is waited for.
      }
    });
  }
});

test('what is wrong with a page is noticed: a page made worse', async () => {
  await visit(w, 'disk', { locale: 'en-GB', viewport: { width: 360, height: 800 } }, async (tab) => {
    await reach(tab, 'verified');
    await tab.evaluate(() => {
      document.querySelector('.quiet').id = 'pale';
      document.querySelector('#pale').style.color = '#ccc';
      document.querySelector('#camera').textContent = '';
      document.querySelector('#print').style.minHeight = '20px';
      document.querySelector('#print').style.padding = '0';
      document.querySelector('#bracket').style.width = '900px';
      document.querySelector('.word h1').style.fontSize = '90px';
      document.documentElement.lang = 'fr';
    });
    const found = (await complaints(tab, 'en')).join('\n');
    for (const expected of ['color-contrast', 'button-name', / by (20|2[0-9]): .*print/, 'scrolls sideways', 'lang is fr', 'VERIFIED is broken']) assert.match(found, new RegExp(expected));
  });
});

test('the verdict is said and takes the focus; a wrong file says so and takes it; the page is titled by its word', async () => {
  await visit(w, 'disk', { locale: 'en-GB' }, async (tab) => {
    await reach(tab, 'verified');
    assert.deepEqual(await tab.evaluate(() => [document.activeElement.id, document.activeElement.getAttribute('role'), document.title]),
      ['verdict', 'status', 'VERIFIED – Coldproof']);
    await tab.setInputFiles('#choose', file('<html><body>news</body></html>'));
    await tab.waitForSelector('#message');
    assert.deepEqual(await tab.evaluate(() => [document.activeElement.id, document.querySelector('#verdict') !== null]), ['message', false], 'the word of the record before is not said of this file');
  });
});

test('from the file to the last excursion by keyboard alone', async () => {
  await visit(w, 'localhost', { locale: 'en-GB' }, async (tab) => {
    const focused = () => tab.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
    const tabTo = async (id) => {
      for (let i = 0; i < 60 && await focused() !== id; i++) await tab.keyboard.press('Tab');
      assert.equal(await focused(), id);
    };
    const choosers = [];
    tab.on('filechooser', (chooser) => choosers.push(chooser)); // Listened to before any key: a chooser that opens earlier would be nobody's.
    const chosen = async (given) => {
      const before = choosers.length;
      await tab.keyboard.press('Space');
      for (let i = 0; i < 600 && choosers.length === before; i++) await tab.waitForTimeout(50);
      await choosers[before].setFiles(given);
    };
    await tabTo('choose');
    await chosen(file(bundle('untouched')));
    await tab.waitForSelector('#verdict[data-word="SignerUnknown"]');
    await tabTo('choose-policy');
    await chosen(file(policy));
    await tab.waitForSelector('#verdict[data-word="Verified"]');
    assert.equal(await focused(), 'verdict');
    const channel = await tab.evaluate(() => document.querySelector('.chart').id);
    await tabTo(channel);
    const readout = () => tab.evaluate(() => document.querySelector('.readout').textContent);
    await tab.keyboard.press('Home');
    const first = await readout();
    await tab.keyboard.press('ArrowRight');
    const second2 = await readout();
    await tab.keyboard.press('End');
    const last = await readout();
    assert.equal(new Set([first, second2, last]).size, 3);
    assert.match(first, /^Reading 0, .*UTC/);
    await tab.keyboard.press('+');
    await tab.keyboard.press('0');
    await tabTo('link');
    await tab.keyboard.press('Enter');
    assert.equal(await focused(), channel);
    assert.notEqual(await readout(), last);
  });
});

test('every golden attack, shown by the page: the word and the fault of the C# verifier, and text that stays text', async () => {
  await visit(w, 'disk', { locale: 'fr-FR' }, async (tab) => {
    await tab.setInputFiles('#choose', file(policy));
    await tab.waitForSelector('#keys .value');
    const wrong = [];
    let trusted = 'policy.json';
    for (const { name, word, fault, policy: own = 'policy.json' } of attacks) {
      if (own !== trusted) {
        await tab.evaluate(() => document.querySelector('#verdict')?.remove());
        await tab.setInputFiles('#choose', file(readFileSync(new URL(own, golden))));
        await tab.waitForSelector('#verdict[data-word]');
        trusted = own;
      }
      await tab.evaluate(() => document.querySelectorAll('#verdict, #message').forEach((old) => old.remove()));
      await tab.setInputFiles('#choose', file(bundle(name)));
      await tab.waitForSelector('#verdict[data-word], #message');
      // What has not even the look of a proof is named for what it is.
      if (await tab.$('#verdict[data-word]') === null) {
        if (word !== 'CannotCheck') wrong.push(`${name}: ${await tab.textContent('#message')}`);
        continue;
      }
      const seen = await tab.evaluate(() => {
        const { dataset } = document.querySelector('#verdict');
        return [`${dataset.word} ${dataset.fault}`, document.querySelectorAll('#page img, #page script, #page b, #page iframe').length];
      });
      if (seen[0] !== `${word} ${fault}` || seen[1] !== 0) wrong.push(`${name}: ${seen}`);
    }
    assert.deepEqual(wrong, []);
  });
});

test('saved evidence is named after gateway and window, and opens from disk with its record inside, trusting nobody', async () => {
  await visit(w, 'localhost', { locale: 'en-GB' }, async (tab) => {
    await reach(tab, 'verified');
    const [saved] = await Promise.all([tab.waitForEvent('download'), tab.click('#save-evidence')]);
    assert.match(saved.suggestedFilename(), /^[0-9a-f]{8}-\d{8}T\d{6}Z-\d{8}T\d{6}Z\.evidence\.html$/);
    const path = join(w.folder, 'saved.html');
    await saved.saveAs(path);
    assert.equal(await tab.$('#carried'), null, 'the record was chosen, and is not inside this page');
    await tab.goto(pathToFileURL(path).href);
    await tab.waitForSelector('#verdict[data-word="SignerUnknown"]');
    await tab.click('#use-offer');
    await tab.waitForSelector('#verdict[data-word="Verified"]');
    assert.match(await tab.textContent('#carried'), /carries the record inside it and has just checked it itself/);
    await tab.setInputFiles('#choose', file(bundle('untouched')));
    await tab.waitForFunction(() => document.querySelector('#carried') === null);
  });
});

test('at 320 px, which is 1280 px at four times the size, nothing scrolls sideways', async () => {
  for (const [language, locale] of Object.entries(LOCALES)) {
    await visit(w, 'disk', { locale, viewport: { width: 320, height: 640 } }, async (tab) => {
      for (const name of ['empty', 'verified', 'pending', 'cannot']) {
        await tab.reload();
        await reach(tab, name);
        await tab.evaluate(() => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
        await tab.waitForFunction(() => [...document.querySelectorAll('details .unfolded')].every((part) => part.childElementCount > 0));
        const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 320, `${language} ${name}: ${wide} px`);
      }
    });
  }
});

test('the language is switched in place, and says which it is', async () => {
  await visit(w, 'disk', { locale: 'en-GB', timezoneId: 'Asia/Kolkata' }, async (tab) => {
    await reach(tab, 'changed');
    const seen = [];
    for (const name of ['Français', '中文', 'English']) {
      await tab.click(`header button:text-is("${name}")`);
      seen.push(await tab.evaluate(() => [document.documentElement.lang, document.querySelector('h1').textContent, document.activeElement.getAttribute('aria-pressed')].join()));
      assert.match(await tab.textContent('#verdict'), /UTC.*UTC\+05:30/, 'UTC, and the local time with its offset');
    }
    assert.deepEqual(seen, ['fr,MODIFIÉ,true', 'zh-Hans,已被改动,true', 'en,CHANGED,true']);
    await tab.click('header button:text-is("Français")');
    assert.match(await tab.textContent('#reason'), /Lot 1|lot 1/);
  });
});

test('a code before the camera names a record, and another record is noticed', async () => {
  await visit(w, 'localhost', { locale: 'en-GB', camera: true }, async (tab) => {
    await tab.click('#camera');
    await tab.waitForSelector('#message a', { timeout: 60_000 });
    assert.equal(await tab.getAttribute('#message a', 'href'), CODE);
    assert.equal(await tab.evaluate(() => document.querySelector('video').srcObject), null, 'the camera is let go');
    await tab.setInputFiles('#choose', file(bundle('untouched')));
    await tab.waitForSelector('#verdict[data-word="AnotherRecord"]');
  });
});

test('the camera is let go when the page is drawn anew, and when the picture cannot be shown', async () => {
  await visit(w, 'localhost', { locale: 'en-GB', camera: true }, async (tab) => {
    await tab.evaluate(() => {
      window.streams = [];
      navigator.mediaDevices.getUserMedia = async () => {
        const blank = document.createElement('canvas');
        blank.getContext('2d').fillRect(0, 0, 8, 8);
        window.streams.push(blank.captureStream(5));
        return window.streams[window.streams.length - 1];
      };
    });
    const ended = (count) => tab.waitForFunction((many) => window.streams.length === many && window.streams.every((stream) => stream.getTracks()[0].readyState === 'ended'), count);
    await tab.click('#camera');
    await tab.waitForFunction(() => /Hold the code/.test(document.querySelector('#camera-status').textContent));
    await tab.click('header button:text-is("Français")');
    await ended(1);
    await tab.evaluate(() => { HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('none', 'NotSupportedError')); });
    await tab.click('#camera');
    await ended(2);
    assert.match(await tab.textContent('#camera-status'), /NotSupportedError/);
  });
});

test('record, keys and table are chosen together, in any order', async () => {
  await visit(w, 'disk', { locale: 'en-GB' }, async (tab) => {
    const readings = (await (await import('../../dist/verifier.mjs')).verify(bundle('untouched'), policy)).channels;
    const outcomes = ['Measured', 'NotSampled', 'NotPresent', 'NoAcknowledge', 'Timeout', 'NotReady', 'BadChecksum', 'OutOfRange', 'Implausible'];
    const table = ['channel,sequence,time_utc,temperature_c,status', ...readings.flatMap(({ channel, readings }) => readings.map(({ sequence, time, temperature, outcome }) =>
      [channel, sequence, new Date(time).toISOString(), temperature === null ? '' : (temperature / 1000).toFixed(3), outcomes.indexOf(outcome)].join())), ''].join('\n');
    await tab.setInputFiles('#choose', [file(table), file(bundle('untouched')), file(policy)]);
    await tab.waitForSelector('#message');
    assert.match(await tab.textContent('#message'), /^All 24 readings of the table are those of the proof/);
    assert.equal(await tab.getAttribute('#verdict', 'data-word'), 'Verified');
    assert.match(await tab.textContent('#amount'), /^Readings: 24, without a value: 1\. Spans without data: 2, 2\u00a0h 1\u00a0min in all\.$/);
    await tab.click('#to-temperature');
    assert.equal(await tab.evaluate(() => document.activeElement.id), 'temperature');
  });
});

test("a logger's file says what stands in it, by its own clock", async () => {
  const logger = readFileSync(new URL('../loggers/fridgetagUL_100800001215_202304201410.txt', import.meta.url));
  for (const [locale, lowest] of [['en-GB', '−17.0'], ['fr-FR', '−17,0'], ['zh-CN', '−17.0']]) {
    await visit(w, 'disk', { locale, viewport: { width: 360, height: 800 } }, async (tab) => {
      await tab.setInputFiles('#choose', file(logger));
      await tab.waitForSelector('#logger');
      const said = await tab.innerText('#logger');
      for (const value of ['100800001215', '841', '2023-04-17 16:06 – 2023-04-20 14:06', 'UTC', lowest]) assert.ok(said.includes(value), `${locale}: ${said}`);
      assert.deepEqual(await complaints(tab, locale.slice(0, 2)), []);
    });
  }
});

test('a camera that is denied, and a browser without one, are said in words', async () => {
  await visit(w, 'localhost', { locale: 'en-GB', camera: false }, async (tab) => {
    await tab.click('#camera');
    await tab.waitForFunction(() => /does not let this page/.test(document.querySelector('#camera-status').textContent));
    await tab.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError')); });
    await tab.click('#camera');
    await tab.waitForFunction(() => /no camera here/.test(document.querySelector('#camera-status').textContent));
    await tab.evaluate(() => { Object.defineProperty(navigator, 'mediaDevices', { value: undefined }); });
    await tab.click('header button:text-is("Français")');
    assert.equal(await tab.$('#camera'), null, 'no button that leads nowhere');
  });
});

test('a code that was scanned before names a batch of the record', async () => {
  const { roots } = await (await import('../../dist/verifier.mjs')).verify(bundle('untouched'), policy);
  assert.equal(roots.length, ROOTS);
  await visit(w, 'disk', { locale: 'en-GB', fragment: `#r=${roots[2].slice(0, 16)}` }, async (tab) => {
    await reach(tab, 'verified');
    assert.ok(await tab.$('#named'));
  });
});

test('details: every root in full can be copied, the checkpoint stands there as it is', async () => {
  await visit(w, 'localhost', { locale: 'en-GB' }, async (tab) => {
    await tab.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await reach(tab, 'verified');
    await tab.click('[data-part="details.batches"] summary');
    await tab.click('[data-part="details.batches"] .unfolded > button');
    await tab.waitForFunction(() => document.querySelector('.toast').textContent !== '');
    const copied = await tab.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied.split('\n').length, ROOTS + 1);
    assert.match(copied.split('\n')[1], /\t[0-9a-f]{64}\t[0-9a-f]{64}\t/);
    await tab.click('[data-part="details.log"] summary');
    assert.match(await tab.textContent('[data-part="details.log"] pre'), /^\S+\n[0-9]+\n.*\n\n— /s);
  });
});

test('on paper: the chart is drawn, the table is whole, the page names itself', async () => {
  await visit(w, 'disk', { locale: 'en-GB' }, async (tab) => {
    await reach(tab, 'verified');
    const pdf = await tab.pdf({ preferCSSPageSize: true });
    assert.match(pdf.subarray(0, 8).toString('latin1'), /^%PDF-/);
    assert.ok(await tab.$('.paper svg path'), 'drawn when the browser said that it prints');
    await tab.emulateMedia({ media: 'print' });
    const shown = await tab.evaluate(() => ['.chart', '.paper svg', '.foot', '.drop', '.tools', 'table'].map((name) => document.querySelector(name).checkVisibility()));
    assert.deepEqual(shown, [false, true, true, false, false, true]);
    assert.match(await tab.textContent('.foot'), /SHA-256 [0-9a-f]{64}/);
  });
});

test('each wrong file gets its own sentence, in each language', async () => {
  const proof = bundle('untouched');
  const wrong = {
    'cut short': proof.subarray(0, proof.length - 100), 'PDF without a proof': evidencePdf('plain', []), 'broken PDF': Buffer.from('%PDF-1.7\nrubbish'),
    'photo without a code': Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'), 'another version': bundle('unknown-format-version'),
    'a web page': Buffer.from('<!doctype html><p>news'), 'empty file': Buffer.alloc(0), 'a zip': Buffer.from('PK\u0003\u0004rest', 'latin1'),
    'another code': Buffer.from(encodeQR('hello', 'gif', { scale: 5, border: 4 })), 'rubbish': Buffer.from([0, 1, 2, 3]), 'a letter': Buffer.from('Dear Sir or Madam'),
  };
  for (const [language, locale] of Object.entries(LOCALES)) {
    await visit(w, 'disk', { locale }, async (tab) => {
      const said = new Map();
      for (const [what, content] of Object.entries(wrong)) {
        await tab.reload();
        await tab.setInputFiles('#choose', file(content));
        await tab.waitForSelector('#message, #verdict[data-word="CannotCheck"]');
        const words = await tab.evaluate(() => (document.querySelector('#message p') ?? document.querySelector('#reason > span')).textContent);
        assert.ok(words.length > 12, `${what}: ${words}`);
        assert.ok(!said.has(words), `${what} and ${said.get(words)} are said alike in ${language}: ${words}`);
        said.set(words, what);
      }
    });
  }
});
