// Goal: in a real Chromium the core gives the answers of C# and node, from disk and from localhost, offline, asking the network for nothing.
// Method: the core alone in one HTML file under the strictest policy; every golden attack and wrong files of each kind go through it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import encodeQR from 'qr';
import { evidencePdf } from '../pdfs.mjs';
import { golden, visit, world } from './world.mjs';

const base64 = (name) => readFileSync(new URL(name, golden)).toString('base64');
const attacks = JSON.parse(readFileSync(new URL('index.json', golden), 'utf8'));
const policy = base64('policy.json');
const CODE = 'https://example.org/p/5f3a91c0#r=77db3b4a';
let w;

before(async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL('../../src/node.ts', import.meta.url).pathname], bundle: true, format: 'iife', globalName: 'coldproof', write: false,
    target: 'es2021', charset: 'utf8', loader: { '.css': 'empty' },
  });
  const script = outputFiles[0].text.replaceAll('</script', '<\\/script');
  const hash = createHash('sha256').update(script).digest('base64');
  const csp = `default-src 'none'; script-src 'sha256-${hash}'`;
  w = await world(`<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${csp}"><title>core</title>`
    + `<input type="file"><script>${script}</script>`, CODE);
});

after(async () => { await w?.end(); });

const page = (place, use) => visit(w, place, { camera: true }, use);

const judge = (tab, bundle, own, sum) => tab.evaluate(async ([bundle, policy, sum]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const verdict = await coldproof.verify(bytes(bundle), bytes(policy));
  const page = verdict.releases.length === 0 ? ''
    : ` ${coldproof.pageAnswer(verdict.releases, sum).standing} ${verdict.releases.map(({ finding }) => finding?.fault ?? 'None')}`;
  return `${verdict.word} ${verdict.fault}${page}`;
}, [bundle, own ?? policy, sum ?? '']);

for (const place of ['disk', 'localhost']) {
  test(`all ${attacks.length} golden bundles, from ${place}: the word and the fault of the C# verifier`, async () => {
    await page(place, async (tab) => {
      assert.ok(await tab.evaluate(() => crypto.subtle !== undefined), 'signatures are checked by WebCrypto and by our own code');
      const wrong = [];
      for (const { name, word, fault, policy: own, page: said } of attacks) {
        const answer = await judge(tab, base64(`${name}.coldproof.json`), own && base64(own), said?.sum);
        const expected = `${word} ${fault}${said === undefined ? '' : ` ${said.standing} ${said.releases}`}`;
        if (answer !== expected) wrong.push(`${name}: ${answer}, not ${expected}`);
      }
      assert.deepEqual(wrong, []);
    });
  });
}

const choose = async (tab, file) => {
  await tab.setInputFiles('input', file);
  return tab.evaluate(async () => {
    const { is, key, url, root } = await coldproof.openFile(document.querySelector('input').files[0]);
    return key ?? (is === 'link' ? `link ${url} ${root}` : is);
  });
};

test('a chosen file is named for what it is, and a code in a picture is read', async () => {
  const proof = readFileSync(new URL('untouched.coldproof.json', golden));
  const files = [
    ['bundle', proof], ['bundle', evidencePdf('updated', [['trip.coldproof.json', proof]])], ['pdfWithoutProof', evidencePdf('plain', [])],
    ['pdfNotReadable', Buffer.from('%PDF-1.7\nrubbish')], ['empty', Buffer.alloc(0)], ['text', Buffer.from('<3, said the pallet')],
    ['imageNotReadable', Buffer.from('\u0089PNG\r\n\u001a\nrubbish', 'latin1')], ['unknown', Buffer.from([0, 1, 2, 3])],
    [`link ${CODE} 77db3b4a`, Buffer.from(encodeQR(CODE, 'gif', { scale: 5, border: 4 }))],
    ['noCode', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')],
  ];
  await page('disk', async (tab) => {
    for (const [expected, buffer] of files) {
      assert.equal(await choose(tab, { name: 'renamed.bin', mimeType: 'application/octet-stream', buffer }), expected);
    }
  });
});

test('a file of 2 GB is refused without being read', async () => {
  const path = join(w.folder, 'huge.coldproof.json');
  const file = openSync(path, 'w');
  writeSync(file, '{"format":"coldproof/1",');
  closeSync(file);
  truncateSync(path, 2 ** 31);
  await page('disk', async (tab) => {
    await tab.evaluate(() => {
      Blob.prototype.arrayBuffer = new Proxy(Blob.prototype.arrayBuffer, {
        apply: (read, blob, rest) => blob.size > 4096 ? Promise.reject(new Error(`${blob.size} bytes were read`)) : Reflect.apply(read, blob, rest),
      });
    });
    assert.equal(await choose(tab, path), 'tooLarge');
  });
});

test('the camera reads a code once, and is let go', async () => {
  await page('localhost', async (tab) => {
    const seen = await tab.evaluate(async () => {
      const video = document.body.appendChild(document.createElement('video'));
      video.muted = true;
      const texts = [];
      let stop;
      await new Promise((resolve) => {
        coldproof.watchCamera(video, (text) => resolve(texts.push(text))).then((end) => stop = end);
      });
      const tracks = video.srcObject.getTracks();
      stop();
      return [...texts, ...tracks.map((track) => track.readyState), video.srcObject === null];
    });
    assert.deepEqual(seen, [CODE, 'ended', true]);
  });
});
