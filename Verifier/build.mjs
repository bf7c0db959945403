// Builds dist/verifier.mjs, the core for node and for the tests.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/node.ts'], outfile: 'dist/verifier.mjs', bundle: true, format: 'esm', platform: 'neutral', target: 'es2021',
  mainFields: ['module', 'main'], charset: 'utf8', logLevel: 'warning',
});
