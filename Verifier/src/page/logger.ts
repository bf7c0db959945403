import type { LoggerReport } from '../inputs/logger.ts';
import { h } from './dom.ts';
import type { Speech } from './speech.ts';

/** What stands in a vendor's logger file, in its own clock and unit: read, not judged. */
export function loggerFacts(report: LoggerReport, speech: Speech): HTMLElement {
  const { device, serial, lot, readings, min, max, missing, outside } = report;
  const degrees = (tenths: number): string => report.unit === 'F' ? `${speech.count(tenths / 10)}\u00a0°F` : speech.celsius(tenths * 100);
  const [first, last] = [readings[0], readings[readings.length - 1]];
  const rows: [string, string | null][] = [
    ['logger.device', device], ['serial', serial], ['logger.lot', lot], ['code.readings', first === undefined ? null : speech.say('logger.count', speech.count(readings.length), speech.count(missing))],
    ['logger.span', first === undefined ? null : `${first.time} – ${last.time} ${speech.say('logger.clock', report.zone === '' ? '?' : Number(report.zone) === 0 ? 'UTC' : `UTC ${report.zone}\u00a0h`)}`],
    ['code.extremes', min === null || max === null ? null : `${degrees(min)} – ${degrees(max)}`],
    ['logger.outside', first === undefined ? null : speech.count(outside)],
  ];
  return h('dl', { id: 'logger' }, ...rows.flatMap(([name, value]) => value === null || value === '' ? []
    : [h('dt', {}, speech.say(name)), h('dd', {}, h('bdi', {}, value))]));
}
