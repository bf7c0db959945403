// The golden ZPL labels, drawn by a renderer that is not ours, and read by zbarimg.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ready } from 'zpl-renderer-js';

const golden = new URL('../../Gateway.Tests/Golden/labels/', import.meta.url);
const link = 'https://ledger.example/00/106141411234567897#r=0e52d9c508c50234';
const expected = {
  pallet: ['CODE-128:00106141411234567897', `QR-Code:${link}`],
  product: ['CODE-128:01095212345432131727123110ABC123\u001d2112345', `QR-Code:${link}`],
};

for (const [name, codes] of Object.entries(expected)) {
  test(`the ${name} label prints to codes that scan`, async () => {
    const { api } = await ready;
    const folder = mkdtempSync(join(tmpdir(), 'coldproof-label-'));
    try {
      const picture = join(folder, 'label.png');
      writeFileSync(picture, Buffer.from(await api.zplToBase64Async(readFileSync(new URL(`${name}.zpl`, golden), 'utf8'), 100, 150, 8), 'base64'));
      const read = execFileSync('zbarimg', ['-q', picture], { encoding: 'utf8' }).trim().split('\n').sort();
      assert.deepEqual(read, codes.sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
