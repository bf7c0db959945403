import type { ChannelVerdict, Interval, ShownReading } from '../../verdict.ts';
import { h, mark, type Shape } from '../dom.ts';
import type { Speech } from '../speech.ts';
import { Plot } from './plot.ts';
import { still } from './still.ts';

/** A channel's chart with its buttons, in words for those who do not see it, and as a drawing for paper. */
export interface ChartPanel {
  element: HTMLElement;
  /** Draws; to be called when the element stands in the page, because only then has it a width. */
  begin(): void;
  end(): void;
  /** Shows one interval, and moves there. */
  focus(interval: Interval): void;
}

const KEYS: Record<string, (plot: Plot) => void> = {
  ArrowLeft: (plot) => plot.step(-1), ArrowRight: (plot) => plot.step(1), PageUp: (plot) => plot.step(-60), PageDown: (plot) => plot.step(60),
  Home: (plot) => plot.edge(1), End: (plot) => plot.edge(-1), '+': (plot) => plot.zoom(0.5), '=': (plot) => plot.zoom(0.5),
  '-': (plot) => plot.zoom(2), '0': (plot) => plot.whole(), Escape: (plot) => plot.whole(),
};

export function chartPanel(channel: ChannelVerdict, window: [number, number], summary: string, speech: Speech): ChartPanel {
  const id = `chart-${channel.channel}`;
  const readout = h('output', { class: 'readout', for: id }, speech.say(matchMedia('(pointer: coarse)').matches ? 'chart.touch' : 'chart.keys'));
  const canvas = h('div', { id, class: 'chart', role: 'img', tabindex: 0, 'aria-label': speech.say('chart.name', channel.probe.place), 'aria-describedby': `${id}-text` });
  const paper = h('div', { class: 'paper', 'aria-hidden': 'true' });
  let plot: Plot | null = null;
  const say = (reading: ShownReading): void => readout.replaceChildren(readingText(reading, channel, speech));
  canvas.addEventListener('keydown', (event) => {
    const act = event.ctrlKey || event.altKey || event.metaKey ? undefined : KEYS[event.key];
    if (act === undefined || plot === null) return;
    event.preventDefault();
    act(plot);
  });
  const button = (sign: Shape, name: string, key: string): HTMLElement =>
    h('button', { type: 'button', class: 'sign', 'aria-label': speech.say(name), title: speech.say(name), 'aria-controls': id, click: () => plot && KEYS[key](plot) }, mark(sign));
  const element = h('figure', {}, canvas, paper,
    h('div', { class: 'tools noprint', role: 'group', 'aria-label': speech.say('chart.tools') }, button('previous', 'chart.previous', 'ArrowLeft'),
      button('next', 'chart.next', 'ArrowRight'), button('closer', 'chart.closer', '+'), button('wider', 'chart.wider', '-'), button('whole', 'chart.whole', '0')),
    h('p', { class: 'noprint' }, readout),
    h('figcaption', { id: `${id}-text`, class: 'quiet' }, `${summary} ${speech.say('chart.legend')} ${speech.say('chart.utc')}`));
  const draw = (): void => paper.replaceChildren(still(channel, window, speech));
  return {
    element,
    begin: () => {
      plot = new Plot(canvas, channel, window, speech, say);
      addEventListener('beforeprint', draw);
    },
    end: () => {
      plot?.destroy();
      removeEventListener('beforeprint', draw);
    },
    focus: ({ from, to }) => {
      plot?.focus(from, to);
      canvas.focus({ preventScroll: true });
      element.scrollIntoView({ block: 'nearest' });
    },
  };
}

function readingText({ sequence, time, temperature, outcome }: ShownReading, { probe }: ChannelVerdict, speech: Speech): string {
  const answer = temperature === null ? 'NoData' : temperature < probe.low || temperature > probe.high ? 'OutOfRange' : 'InRange';
  const value = temperature === null ? speech.cause(outcome) : speech.celsius(temperature);
  return speech.say('chart.reading', String(sequence), speech.time(time), value, speech.say(`interval.${answer}`));
}
