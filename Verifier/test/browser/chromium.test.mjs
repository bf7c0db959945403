// Goal: in a real Chromium the core gives the answers of C# and node, from disk and from localhost, offline, asking the network for nothing.
// Method: the core alone in one HTML file under the strictest policy; every golden attack and wrong files of each kind go through it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import encodeQR from 'qr';
import { chromium } from 'playwright-core';
import { evidencePdf } from '../pdfs.mjs';

const golden = new URL('../../../Gateway.Tests/Golden/attacks/', import.meta.url);
const base64 = (name) => readFileSync(new URL(name, golden)).toString('base64');
const attacks = JSON.parse(readFileSync(new URL('index.json', golden), 'utf8'));
const policy = base64('policy.json');
const folder = mkdtempSync(join(tmpdir(), 'coldproof-chromium-'));
const CODE = 'https://example.org/p/5f3a91c0#r=77db3b4a';
let browser, server;

before(async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL('../../src/node.ts', import.meta.url).pathname], bundle: true, format: 'iife', globalName: 'coldproof', write: false,
    target: 'es2021', charset: 'utf8',
  });
  const script = outputFiles[0].text.replaceAll('</script', '<\\/script');
  const hash = createHash('sha256').update(script).digest('base64');
  const csp = `default-src 'none'; script-src 'sha256-${hash}'`;
  const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${csp}"><link rel="icon" href="data:,">`
    + `<title>core</title><input type="file"><script>${script}</script>`;
  writeFileSync(join(folder, 'core.html'), html.replace('<link rel="icon" href="data:,">', ''));
  server = createServer((request, response) => {
    response.writeHead(request.url === '/core.html' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end(request.url === '/core.html' ? readFileSync(join(folder, 'core.html')) : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  assert.ok(executablePath, 'Chromium is not installed; test.sh installs it.');
  // Chromium does not start its own sandbox for root, as which the test command may run.
  writeFileSync(join(folder, 'camera.y4m'), filmed(CODE));
  const args = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${join(folder, 'camera.y4m')}`];
  browser = await chromium.launch({ executablePath, args, chromiumSandbox: process.getuid() !== 0 });
});

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page, cuts the network, and lets `use` work in it; then nothing may have been asked for, refused by the policy, or thrown. */
async function page(place, use) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const [requests, complaints] = [[], []];
  tab.on('pageerror', (fault) => complaints.push(String(fault)));
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await tab.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`)));
  await tab.goto(place === 'disk' ? pathToFileURL(join(folder, 'core.html')).href : `http://localhost:${server.address().port}/core.html`);
  await context.setOffline(true);
  tab.on('request', (request) => request.url().startsWith('blob:') || requests.push(request.url()));
  await use(tab);
  assert.deepEqual([requests, complaints], [[], []]);
  await context.close();
}

const judge = (tab, bundle) => tab.evaluate(async ([bundle, policy]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const verdict = await coldproof.verify(bytes(bundle), bytes(policy));
  return `${verdict.word} ${verdict.fault}`;
}, [bundle, policy]);

for (const place of ['disk', 'localhost']) {
  test(`all ${attacks.length} golden bundles, from ${place}: the word and the fault of the C# verifier`, async () => {
    await page(place, async (tab) => {
      assert.ok(await tab.evaluate(() => crypto.subtle !== undefined), 'signatures are checked by WebCrypto and by our own code');
      const wrong = [];
      for (const { name, word, fault } of attacks) {
        const answer = await judge(tab, base64(`${name}.coldproof.json`));
        if (answer !== `${word} ${fault}`) wrong.push(`${name}: ${answer}, not ${word} ${fault}`);
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
  const path = join(folder, 'huge.coldproof.json');
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

/** What a camera sees that is held before a label: a raw film of 640 by 480, grey, the code in the middle. */
function filmed(text) {
  const [code, scale] = [encodeQR(text, 'raw', { border: 4 }), 8];
  const frame = Buffer.alloc(640 * 480 * 3 / 2, 128).fill(200, 0, 640 * 480);
  code.forEach((row, y) => row.forEach((dark, x) => {
    for (let line = 0; line < scale; line++) {
      const at = (100 + y * scale + line) * 640 + 180 + x * scale;
      frame.fill(dark ? 40 : 220, at, at + scale);
    }
  }));
  const shown = Buffer.concat([Buffer.from('FRAME\n'), frame]);
  return Buffer.concat([Buffer.from('YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n'), shown, shown, shown]);
}

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
