// What both browser tests need: a real Chromium, pages from disk and from localhost, and a camera that sees a code.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import encodeQR from 'qr';
import { chromium } from 'playwright-core';

export const golden = new URL('../../../Gateway.Tests/Golden/attacks/', import.meta.url);
export const bundle = (name) => readFileSync(new URL(`${name}.coldproof.json`, golden));
export const policy = readFileSync(new URL('policy.json', golden));

/** Serves one page from disk and from localhost. `code`: what the camera sees; null for a browser without a camera. */
export async function world(html, code) {
  const folder = mkdtempSync(join(tmpdir(), 'coldproof-chromium-'));
  writeFileSync(join(folder, 'page.html'), html);
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/page.html' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end(request.url === '/page.html' ? html : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  assert.ok(executablePath, 'Chromium is not installed; test.sh installs it.');
  writeFileSync(join(folder, 'camera.y4m'), filmed(code));
  const args = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${join(folder, 'camera.y4m')}`];
  // Chromium does not start its own sandbox for root, as which the test command may run.
  const browser = await chromium.launch({ executablePath, args, chromiumSandbox: process.getuid() !== 0 });
  return {
    browser, folder,
    address: { disk: pathToFileURL(join(folder, 'page.html')).href, localhost: `http://localhost:${server.address().port}/page.html` },
    async end() {
      await browser.close();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Opens the page, cuts the network, and lets `use` work in it; then nothing may have been asked for, refused by the page's policy, or thrown.
 */
export async function visit({ browser, address }, place, options, use) {
  const { fragment = '', camera = null, ...rest } = options;
  const context = await browser.newContext(rest);
  if (camera !== null) await context.grantPermissions(camera ? ['camera'] : []);
  const tab = await context.newPage();
  const [requests, complaints] = [[], []];
  tab.on('pageerror', (fault) => complaints.push(String(fault)));
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await tab.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`)));
  await tab.goto(address[place] + fragment);
  await context.setOffline(true);
  // Only loading the page anew is no question to anybody.
  tab.on('request', (request) => /^(blob|data):/.test(request.url()) || request.isNavigationRequest() || requests.push(request.url()));
  await use(tab);
  assert.deepEqual([requests, complaints], [[], []]);
  await context.close();
}

export const file = (buffer, name = 'renamed.bin') => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(buffer) });

/** What a camera sees that is held before a label: a raw film of 640 by 480, grey, the code in the middle as large as it fits, at most 8 dots a module. */
function filmed(text) {
  const code = encodeQR(text, 'raw', { border: 4 });
  const scale = Math.min(8, Math.floor(460 / code.length));
  const [left, top] = [640, 480].map((room) => (room - code.length * scale) >> 1);
  const frame = Buffer.alloc(640 * 480 * 3 / 2, 128).fill(200, 0, 640 * 480);
  code.forEach((row, y) => row.forEach((dark, x) => {
    for (let line = 0; line < scale; line++) {
      const at = (top + y * scale + line) * 640 + left + x * scale;
      frame.fill(dark ? 40 : 220, at, at + scale);
    }
  }));
  const shown = Buffer.concat([Buffer.from('FRAME\n'), frame]);
  return Buffer.concat([Buffer.from('YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n'), shown, shown, shown]);
}
