// usage: node test/browser/bench.mjs FOLDER, with what `Gateway.Benchmarks -- verify --write FOLDER` wrote there.
// How long the page takes in Chromium from the file to the verdict, beside what no verifier of these batches can avoid; and the renderer's peak memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { file, visit, world } from './world.mjs';

const [folder] = process.argv.slice(2);
const read = (name) => readFileSync(join(folder, name));
/** "median (least)": on a busy machine the least is nearer to what the work takes. */
const both = (times) => ({ median: times.sort((a, b) => a - b)[times.length >> 1], least: times[0] });
const RUNS = 9;

const { outputFiles } = await build({ stdin: { contents: "export { sha256 } from '@noble/hashes/sha2.js';", resolveDir: process.cwd() }, bundle: true, format: 'iife',
  globalName: 'noble', write: false, target: 'es2021' });
const w = await world(readFileSync(new URL('../../verify.html', import.meta.url), 'utf8'), 'nothing');

/** The renderer's highest resident memory, in MiB. */
async function peak() {
  const session = await w.browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]) / 1024);
  return Math.max(...peaks);
}

async function measure(tab, name) {
  const [inside, whole] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    await tab.reload();
    await tab.setInputFiles('#choose', file(read(name.replace('.coldproof.json', '-policy.json'))));
    await tab.waitForSelector('#keys .value');
    const start = performance.now();
    await tab.setInputFiles('#choose', file(read(name)));
    await tab.waitForSelector('#verdict[data-word="Verified"]', { timeout: 120_000 });
    whole.push(performance.now() - start);
    inside.push(await tab.evaluate(() => Number(document.querySelector('#page').dataset.ms)));
  }
  return { verify: both(inside), whole: both(whole) };
}

await visit(w, 'disk', { locale: 'en-GB' }, async (tab) => {
  const single = await measure(tab, 'single.coldproof.json');
  const before = await peak();
  const three = await measure(tab, 'days.coldproof.json');
  const after = await peak();
  await tab.evaluate(outputFiles[0].text + ';window.noble = noble');
  const bare = both(await tab.evaluate(async (runs) => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const [message, leaf, times] = [new Uint8Array(182), new Uint8Array(35), []];
    const signature = await crypto.subtle.sign(algorithm, privateKey, message);
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      for (let i = 0; i < 864; i++) await crypto.subtle.verify(algorithm, publicKey, signature, message);
      for (let i = 0; i < 2 * 25_920; i++) noble.sha256(leaf);
      times.push(performance.now() - start);
    }
    return times;
  }, RUNS));
  const ms = ({ median, least }) => `${Math.round(median)} ms (${Math.round(least)})`;
  console.log(`864 batches, 25,920 readings: verified in ${ms(three.verify)}, from the file to the verdict ${ms(three.whole)}; `
    + `bare WebCrypto ES256 and noble SHA-256 of as many: ${ms(bare)}; ratio ${(three.verify.median / bare.median).toFixed(2)} (${(three.verify.least / bare.least).toFixed(2)})`);
  console.log(`one batch of one reading: verified in ${ms(single.verify)}, from the file to the verdict ${ms(single.whole)}`);
  console.log(`renderer's peak memory: ${Math.round(before)} MiB after the small bundle, ${Math.round(after)} MiB after the large one (${read('days.coldproof.json').length} bytes)`);
});
await w.end();
