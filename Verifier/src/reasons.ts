import en from '../../Evidence/Proof/Reasons/en.json';
import fr from '../../Evidence/Proof/Reasons/fr.json';
import zh from '../../Evidence/Proof/Reasons/zh.json';

export type Language = 'en' | 'fr' | 'zh';

/** The one catalogue of why something does not hold, and of what must be read beside a verdict: the C# verifier and the ledger's pages say the same. */
export const REASONS: Record<Language, Record<string, string>> = { en, fr, zh };

/** French sets a space before its double signs; one that does not break, so that none of them begins a line. */
export function spaced(language: Language, text: string): string {
  return language === 'fr' ? text.replace(/ ([:;?!»])/g, '\u00a0$1').replace(/« /g, '«\u00a0') : text;
}

/** One sentence with its values filled in as text, never as markup. */
export function reason(language: Language, key: string, values: readonly string[]): string {
  const text = REASONS[language][key];
  if (text === undefined) throw new Error(`No reason is called "${key}".`);
  return spaced(language, text).replace(/\{([0-9])\}/g, (_, place: string) => values[Number(place)] ?? '');
}
