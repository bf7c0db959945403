// Builds dist/verifier.mjs, the core for node and for the tests, and verify.html, the page: one file, the same bytes from the same
// sources on every machine. `node build.mjs --check` writes no page; it fails when the page in the tree is not what the sources give.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const common = { bundle: true, charset: 'utf8', logLevel: 'warning', mainFields: ['module', 'main'], 
  // Browsers of 2021 and later: they have class fields of their own, and hashing makes an object for every leaf.
  target: ['chrome94', 'firefox93', 'safari15'] };

await build({ ...common, entryPoints: ['src/node.ts'], outfile: 'dist/verifier.mjs', format: 'esm', platform: 'neutral' });

const text = async (options) => (await build({ ...common, ...options, write: false, minify: true, legalComments: 'none' })).outputFiles[0].text.trim();
const program = await text({ entryPoints: ['src/page/start.ts'], format: 'iife', platform: 'browser', banner: { js: notices() } });
const style = await text({ entryPoints: ['src/page/style.css'] });
for (const part of [program, style]) {
  // What ends a block early, or what a browser writes differently than it read it: the page could then not hash itself.
  const bad = /<\/script|<\/style|<!--|\r|\0/i.exec(part);
  if (bad !== null) throw new Error(`The page's sources hold ${JSON.stringify(bad[0])}, which cannot stand inside a page.`);
}
const sha256 = (part) => `'sha256-${createHash('sha256').update(part).digest('base64')}'`;
const policy = `default-src 'none'; script-src ${sha256(program)}; style-src ${sha256(style)}; worker-src blob:; img-src data: blob:; `
  + "connect-src 'none'; base-uri 'none'; form-action 'none'";
const parts = { policy, style, program };
const page = readFileSync('src/page/template.html', 'utf8').replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);

for (const id of ['bundle', 'policy', 'context']) {
  const count = page.split(`<script type="application/json" id="coldproof-${id}"></script>`).length - 1;
  if (count !== 1) throw new Error(`The page holds the empty block coldproof-${id} ${count} times instead of once.`);
}
if (!process.argv.includes('--check')) {
  writeFileSync('verify.html', page);
} else if (readFileSync('verify.html', 'utf8') !== page) {
  throw new Error('verify.html is not what the sources give: run "npm run build" and commit it.');
}
console.log(`verify.html: ${Buffer.byteLength(page)} bytes, SHA-256 ${createHash('sha256').update(page).digest('hex')}`);

/** The licences of what is inside travel with it: who wrote it, and the one text that they share. */
function notices() {
  const licence = (name) => readFileSync(`node_modules/${name}/${name === 'qr' ? 'LICENSE-MIT' : 'LICENSE'}`, 'utf8').replace(/\r/g, '');
  const authors = ['@noble/curves', '@noble/hashes', 'qr', 'uplot'].map((name) => {
    const [author] = /Copyright \(c\).*/.exec(licence(name)) ?? [];
    if (author === undefined || !licence(name).includes('Permission is hereby granted, free of charge')) throw new Error(`${name} is not under the MIT licence.`);
    return `${name}: ${author.trim()}`;
  });
  const grant = licence('uplot');
  return `/*! This page holds, under the MIT licence:\n${authors.join('\n')}\n\n${grant.slice(grant.indexOf('Permission is hereby granted')).trim()} */`;
}
