import type { Speech } from './speech.ts';

export type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | number | ((event: Event) => void)>;

/** Makes an element. Texts become text nodes, whatever stands in them: nothing of a file is ever read as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

export function append(parent: Element, children: Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) parent.append(child);
}

/** A technical value in short form, first and last eight signs, with a button that copies all of it. `said` is told when that is done. */
export function copyable(value: string, speech: Speech, said: (words: string) => void): HTMLElement {
  if (/^0+$/.test(value)) return h('span', {}, '–'); // No hash is all zeroes: the field says that there is none.
  const shown = h('span', { class: 'hash', title: value }, value.length > 20 ? `${value.slice(0, 8)}…${value.slice(-8)}` : value);
  const tell = (done: boolean): void => {
    if (!done) shown.textContent = value; // It stays there in full, to be marked by hand.
    said(speech.say(done ? 'copied' : 'copy.failed'));
  };
  return h('span', { class: 'value' }, shown, h('button', { type: 'button', class: 'copy noprint', 'aria-label': `${speech.say('copy')} ${value.slice(0, 8)}…`,
    title: speech.say('copy'), click: () => void copy(value).then(tell) }, mark('copy')));
}

/** Whether the text lies on the clipboard now. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // No clipboard here, or the reader said no: the caller shows the value in full.
  }
}

const SHAPES = {
  tick: ['M24 4a20 20 0 1 0 .01 0z', 'M14 25l7 7 14-15'],
  triangle: ['M24 5L45 42H3z', 'M24 18v12M24 35v2'],
  cross: ['M4 4h40v40H4z', 'M14 14l20 20M34 14L14 34'],
  copy: ['M16 16h26v26H16z', 'M32 16V6H6v26h10'], previous: ['M32 8L14 24l18 16'], next: ['M16 8l18 16-18 16'], closer: ['M24 8v32', 'M8 24h32'], wider: ['M8 24h32'],
  whole: ['M6 18V6h12M30 6h12v12M42 30v12H30M18 42H6V30'],
  ring: ['M24 4a20 20 0 1 0 .01 0z', 'M18 19a6 6 0 1 1 8 6c-2 1-2 2-2 4M24 34v2'],
} as const;
export type Shape = keyof typeof SHAPES;

/** Drawn here and not taken from a font: marks that differ in shape, so that colour is never alone, and the signs of buttons. */
export function mark(shape: Shape): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('class', `mark ${shape}`);
  svg.setAttribute('aria-hidden', 'true');
  for (const d of SHAPES[shape]) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
