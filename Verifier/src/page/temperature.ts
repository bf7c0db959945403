import type { ChannelVerdict, Interval, Verdict } from '../verdict.ts';
import { chartPanel, type ChartPanel } from './chart/panel.ts';
import { stack } from './details.ts';
import { instant } from './instant.ts';
import { h, mark, type Shape } from './dom.ts';
import { statistics } from './kinetic.ts';
import type { Speech } from './speech.ts';

const ROWS_MAX = 500;

/** The temperature, apart from integrity: one answer, one chart and one table a channel. `charts` gets what has to be begun and ended. */
export function temperature(verdict: Verdict, speech: Speech, charts: ChartPanel[]): HTMLElement {
  return h('section', { id: 'temperature', tabindex: -1 }, h('h2', {}, speech.say('temperature')),
    verdict.word !== 'Verified' && verdict.channels.length > 0 && h('p', {}, speech.say('unproven.answers')),
    verdict.channels.length === 0 && h('p', {}, speech.say('temperature.none')),
    verdict.channels.length > 0 && verdict.level !== 'readings' && h('p', {}, speech.say(`level.${verdict.level}`)),
    ...verdict.channels.map((channel) => section(channel, verdict, speech, charts)));
}

function section(channel: ChannelVerdict, verdict: Verdict, speech: Speech, charts: ChartPanel[]): HTMLElement {
  const { probe } = channel;
  const shape: Shape = channel.answer === 'InRange' ? 'tick' : channel.answer === 'OutOfRange' ? 'triangle' : 'ring';
  const known = statistics(channel);
  const shown = channel.intervals.filter((interval) => interval.answer !== 'InRange');
  const chart = channel.readings.length > 0 || channel.intervals.some((interval) => interval.min !== null)
    ? chartPanel(channel, [verdict.from, verdict.to], summary(channel, speech), speech) : null;
  if (chart !== null) charts.push(chart);
  return h('section', { class: 'channel' }, h('h3', {}, h('bdi', {}, speech.say('probe', channel.channel, probe.place, probe.serial, speech.celsius(probe.low), speech.celsius(probe.high)))),
    h('p', { class: `answer ${channel.answer}`, 'data-answer': channel.answer }, mark(shape), speech.say(headline(channel, verdict))),
    chart?.element,
    known !== null && h('p', {}, speech.say('mkt', speech.computed(known.mean), speech.computed(known.kinetic))),
    // Nothing disclosed is not "no excursion": then there is nothing to say.
    channel.intervals.length === 0 ? null : shown.length === 0 ? h('p', {}, speech.say('table.none')) : table(channel, shown, verdict, speech, chart),
    shown.length > ROWS_MAX && h('p', {}, speech.say('table.more', speech.count(shown.length - ROWS_MAX))));
}

/** The ledger's page and report have the same rule (Ledger/Pages/Claims.cs), and the words are theirs. */
function headline(channel: ChannelVerdict, verdict: Verdict): string {
  if (verdict.level === 'headers') return 'answer.undisclosed';
  return channel.intervals.every(({ answer }) => answer === 'NoData') ? 'answer.Nothing' : `answer.${channel.answer}`;
}

/** The chart in one breath: "10,653 readings, 3 missing; lowest …, 4 excursions, longest …". */
function summary(channel: ChannelVerdict, speech: Speech): string {
  if (channel.readings.length === 0) return speech.say('chart.claims');
  let [missing, min, max]: [number, number | null, number | null] = [0, null, null];
  for (const { temperature } of channel.readings) {
    if (temperature === null) missing++;
    else [min, max] = [Math.min(min ?? temperature, temperature), Math.max(max ?? temperature, temperature)];
  }
  const lengths = (answer: Interval['answer']): number[] => channel.intervals.filter((i) => i.answer === answer).map((i) => i.to - i.from);
  const [out, gaps] = [lengths('OutOfRange'), lengths('NoData')];
  return speech.say('summary', speech.count(channel.readings.length), speech.count(missing), min === null ? '–' : speech.celsius(min), max === null ? '–' : speech.celsius(max),
    speech.count(out.length), out.length === 0 ? '–' : speech.duration(out.reduce((longest, ms) => Math.max(longest, ms))), speech.count(gaps.length), speech.duration(gaps.reduce((sum, ms) => sum + ms, 0)));
}

const COLUMNS = ['col.start', 'col.end', 'col.long', 'col.extreme', 'col.rule', 'col.certainty'];

function table(channel: ChannelVerdict, shown: Interval[], verdict: Verdict, speech: Speech, chart: ChartPanel | null): HTMLElement {
  const names = COLUMNS.map((key) => speech.say(key));
  return stack(names, shown.slice(0, ROWS_MAX).map((interval) => cells(interval, channel, verdict, speech, chart)), speech.say('table'), speech.say('table.all', speech.count(shown.length)));
}

function cells(interval: Interval, channel: ChannelVerdict, verdict: Verdict, speech: Speech, chart: ChartPanel | null): (string | HTMLElement)[] {
  const { probe } = channel;
  const low = interval.answer === 'OutOfRange' && interval.min !== null && interval.min < probe.low;
  const high = interval.answer === 'OutOfRange' && interval.max !== null && interval.max > probe.high;
  const extreme = [low ? interval.min : null, high ? interval.max : null].filter((value): value is number => value !== null);
  const rule = [low ? `<\u00a0${speech.celsius(probe.low)}` : '', high ? `>\u00a0${speech.celsius(probe.high)}` : ''].filter((text) => text !== '');
  const start = instant(interval.from, speech);
  return [
    chart === null ? start : h('button', { type: 'button', class: 'link', title: speech.say('chart.show'), click: () => chart.focus(interval) }, start),
    instant(interval.to, speech), speech.duration(interval.to - interval.from), extreme.map((value) => speech.celsius(value)).join(' / ') || '–',
    rule.join(' / ') || (interval.cause === null ? speech.say(`interval.${interval.answer}`)
      : speech.colon(speech.say(`interval.${interval.answer}`)) + speech.cause(interval.cause)), certainty(interval, channel, verdict, speech),
  ];
}

/** How well beginning and end of an excursion are known: to one sampling interval, or not at all where there are no readings beside it. */
function certainty(interval: Interval, channel: ChannelVerdict, verdict: Verdict, speech: Speech): string {
  if (interval.answer === 'NoData') return speech.say('certainty.nothing');
  if (verdict.level !== 'readings') return speech.say('certainty.claim');
  const at = channel.intervals.indexOf(interval);
  const blind = (beside: Interval | undefined): boolean => beside === undefined || beside.answer === 'NoData';
  const [before, after] = [blind(channel.intervals[at - 1]), blind(channel.intervals[at + 1])];
  return before && after ? speech.say('certainty.both') : before ? speech.say('certainty.before') : after ? speech.say('certainty.after')
    : speech.say('certainty.measured', speech.duration(channel.probe.interval));
}
