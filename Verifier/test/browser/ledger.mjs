// Reads the ledger's own pages as everybody has to be able to: axe-core, and our own rulers. Run by PageLookTests against a ledger that it has started.
// usage: node ledger.mjs ADDRESS PATH…   Prints what is wrong, one line each; exit code 1 when anything is.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [address, ...paths] = process.argv.slice(2);
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (executablePath === undefined) throw new Error('Chromium is not installed; test.sh installs it.');
const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid() !== 0 });
const wrong = [];
for (const [width, colorScheme, forcedColors] of [[320, 'light', 'none'], [360, 'dark', 'none'], [1280, 'light', 'none'], [1280, 'dark', 'none'], [360, 'dark', 'active']]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, forcedColors, reducedMotion: 'reduce' });
  const tab = await context.newPage();
  for (const path of paths) {
    await tab.goto(address + path);
    await tab.evaluate(() => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
    await tab.evaluate(axe);
    const found = await tab.evaluate(async () => {
      const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
      const small = [...document.querySelectorAll('.button, button, nav a, summary, input:not([type=hidden])')].map((target) => [target, target.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 44 || height < 44).map(([target, { width, height }]) => `${Math.round(width)} by ${Math.round(height)}: ${target.outerHTML.slice(0, 80)}`);
      const { scrollWidth, lang } = document.documentElement;
      // A table that shows as cards is still a table to whoever hears it.
      const tables = document.querySelectorAll('table').length - document.querySelectorAll('table[role=table] tr[role=row] td[role=cell]:first-child').length > 0 ? ['a table without roles'] : [];
      return [...violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`)), ...small, ...tables,
        ...(scrollWidth > innerWidth ? [`scrolls sideways to ${scrollWidth} px`] : []), ...(lang === '' ? ['no language'] : [])];
    });
    wrong.push(...found.map((words) => `${path} ${width} ${colorScheme}${forcedColors === 'active' ? ' forced colours' : ''}: ${words.replaceAll('\n', ' ')}`));
  }
  await context.close();
}
await browser.close();
console.log(wrong.join('\n'));
process.exit(wrong.length === 0 ? 0 : 1);
