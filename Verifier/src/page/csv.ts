import { compareCsv, type CsvRow } from '../inputs/csv.ts';
import { joined, sentence, type Language } from '../inputs/sentences.ts';
import type { Verdict } from '../verdict.ts';

/** What a table of readings is to the record that is open, in a sentence or two; `verdict` is null while none is. */
export function csvAnswer(rows: CsvRow[], verdict: Verdict | null, language: Language): string {
  if (verdict === null) return sentence('csvNeedsBundle', language);
  if (verdict.level !== 'readings') return sentence('csvNoReadings', language);
  if (verdict.channels.length === 0) return sentence('csvNotReached', language);
  const { equal, missing, extra, first } = compareCsv(rows, verdict.channels);
  if (first === null) return joined(language, [sentence('csvEqual', language, [String(equal)]), ...(verdict.word === 'Verified' ? [] : [sentence('csvUnproven', language)])]);
  const [line, channel, sequence] = [first.line, first.channel, first.sequence].map(String);
  const unit = first.column === 'time_utc' || first.column === 'status' ? '' : '\u00a0°C';
  const shown = (value: string): string => value === '' ? sentence('noValue', language) : value + unit;
  switch (first.kind) {
    case 'missing': return sentence('csvMissing', language, [String(missing), channel, sequence, shown(first.proven)]);
    case 'differs': return sentence('csvDiffers', language, [line, channel, sequence, shown(first.table), shown(first.proven)]);
    case 'extra': return sentence('csvExtra', language, [String(extra), line, channel, sequence]);
    case 'repeated': return sentence('csvRepeated', language, ['', line, channel, sequence]);
  }
}
