import { Page } from './page.ts';
import { ownSource } from './source.ts';
import { serve } from './worker.ts';

// One program, twice: the worker is started from this script's own text, so that one hash covers both.
if (typeof document === 'undefined') serve();
else new Page(ownSource(), document.currentScript?.textContent ?? '').start();
