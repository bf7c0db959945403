import en from '../../../Ledger/Pages/Texts/en.json';
import fr from '../../../Ledger/Pages/Texts/fr.json';
import zh from '../../../Ledger/Pages/Texts/zh.json';
import { spaced, type Language } from '../reasons.ts';
import { WORDS } from './texts/words.ts';

const LEDGER: Record<Language, Record<string, string>> = { en, fr, zh };
export const LANGUAGES: Language[] = ['en', 'fr', 'zh'];

/** All that the page says, in one language. */
export class Speech {
  constructor(readonly language: Language) {}

  /** For the lang attribute. */
  get tag(): string {
    return this.language === 'zh' ? 'zh-Hans' : this.language;
  }

  say(key: string, ...values: (string | number)[]): string {
    const own = (WORDS as Record<string, Record<Language, string>>)[key]?.[this.language];
    const text = own ?? LEDGER[this.language][key];
    if (text === undefined) throw new Error(`No text is called "${key}".`);
    return this.fill(text, ...values);
  }

  /** A text of this language with its places filled in. */
  fill(text: string, ...values: (string | number)[]): string {
    return spaced(this.language, text).replace(/\{([0-9])\}/g, (_, place: string) => String(values[Number(place)] ?? ''));
  }

  /** Why there is no value or no data, in words where there are any. */
  cause(name: string): string {
    return LEDGER[this.language][`causes.${name}`] ?? name;
  }

  /** "2022-05-02 12:10:00 UTC (14:10:00 UTC+02:00)"; where the local zone is UTC, once. */
  time(ms: number): string {
    const { date, clock, local } = this.instant(ms);
    return local === null ? `${date} ${clock}` : `${date} ${clock} (${local})`;
  }

  /** The parts of an instant: "2022-05-02", "12:10:00 UTC", "14:10:00 UTC+02:00"; the last with its date where it is another day, null where the zone is UTC. */
  instant(ms: number): { date: string; clock: string; local: string | null } {
    const [date, clock] = [new Date(ms).toISOString().slice(0, 10), `${new Date(ms).toISOString().slice(11, 19)} UTC`];
    const offset = -new Date(ms).getTimezoneOffset();
    if (offset === 0) return { date, clock, local: null };
    const local = new Date(ms + offset * 60_000).toISOString();
    const two = (n: number): string => String(n).padStart(2, '0');
    const zone = `UTC${offset < 0 ? '−' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
    return { date, clock, local: `${local.slice(0, 10) === date ? '' : `${local.slice(0, 10)} `}${local.slice(11, 19)} ${zone}` };
  }

  /** With what this language sets before what follows: "Why: ". */
  colon(text: string): string {
    return text + { en: ': ', fr: '\u00a0: ', zh: '：' }[this.language];
  }

  /** How long ago, in whole days: "3 days ago". */
  age(ms: number): string {
    const days = Math.max(0, Math.floor((Date.now() - ms) / 86_400_000));
    return this.say('trust.age', new Intl.RelativeTimeFormat(this.language, { numeric: 'auto' }).format(-days, 'day'));
  }

  duration(ms: number): string {
    const s = Math.floor(ms / 1000); // As the ledger writes it: what has not passed whole is not counted.
    const parts: [number, string][] = [[Math.floor(s / 86_400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's']];
    const first = parts.findIndex(([n]) => n > 0);
    return first < 0 ? `0\u00a0${this.say('unit.s')}`
      : parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n}\u00a0${this.say(`unit.${unit}`)}`).join(' ');
  }

  celsius(milli: number, digits = 1): string {
    return this.degrees(milli, digits, 3);
  }

  /** A temperature that was computed of many readings: to the hundredth of a degree, as in the report. */
  computed(milli: number): string {
    return this.degrees(milli, 1, 2);
  }

  private degrees(milli: number, least: number, most: number): string {
    const rounded = Math.round(milli / 10 ** (3 - most)) / 10 ** most + 0; // What rounds to zero has no sign: "−0.0" would be taken for frost.
    return `${rounded.toLocaleString(this.language, { minimumFractionDigits: least, maximumFractionDigits: most })}\u00a0°C`.replace('-', '−');
  }

  count(n: number): string {
    return n.toLocaleString(this.language);
  }
}
