/** Colours and the like of a terminal, line by line. Pure. */

/** How text looks: colours by name, `red` or `red-intense`, or as `rgb(…)`. */
export interface IAnsiStyle {
  readonly fg: string | null;
  readonly bg: string | null;
  readonly isBold: boolean;
  readonly isUnderlined: boolean;
  readonly isInverse: boolean;
}

export interface ISpan {
  text: string;
  style: IAnsiStyle;
}

export const PLAIN: IAnsiStyle = {
  fg: null,
  bg: null,
  isBold: false,
  isUnderlined: false,
  isInverse: false
};

const NAMES = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white'
];

/** Any sequence of a terminal; only those that end in `m` are about looks. */
const SEQUENCE =
  // eslint-disable-next-line no-control-regex
  /\x1b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** What is neither text nor part of a sequence. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text of a line in pieces that look alike, and how the next line begins.
 *
 * A carriage return begins the line again, as a progress bar does. Sequences
 * that are not about looks, and control characters, are left out.
 */
export function spansOf(
  line: string,
  begin: IAnsiStyle
): { spans: ISpan[]; end: IAnsiStyle } {
  const spans: ISpan[] = [];
  let style = begin;
  const add = (text: string) => {
    const shown = text.replace(CONTROL, '');
    if (shown !== '') {
      spans.push({ text: shown, style });
    }
  };
  const shown = afterReturn(line);
  style = styleAfter(line.slice(0, line.length - shown.length), style);
  let at = 0;
  for (const match of shown.matchAll(SEQUENCE)) {
    add(shown.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === 'm') {
      style = apply(match[1], style);
    }
  }
  add(shown.slice(at));
  return { spans, end: style };
}

/** How text looks that follows this one. */
export function styleAfter(text: string, begin: IAnsiStyle): IAnsiStyle {
  let style = begin;
  if (text.includes('\x1b')) {
    for (const match of text.matchAll(SEQUENCE)) {
      if (match[2] === 'm') {
        style = apply(match[1], style);
      }
    }
  }
  return style;
}

/** The text of a line without what only a terminal understands. */
export function plainText(line: string): string {
  return afterReturn(line).replace(SEQUENCE, '').replace(CONTROL, '');
}

function afterReturn(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}

function apply(parameters: string, before: IAnsiStyle): IAnsiStyle {
  const codes = parameters.split(/[;:]/).map(Number);
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 38 || code === 48) {
      const { colour, used } = extended(codes.slice(at + 1));
      style = { ...style, [code === 38 ? 'fg' : 'bg']: colour };
      at += used;
    } else {
      style = applyOne(code, style);
    }
  }
  return style;
}

function applyOne(code: number, style: IAnsiStyle): IAnsiStyle {
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, isBold: true };
    case 4:
      return { ...style, isUnderlined: true };
    case 7:
      return { ...style, isInverse: true };
    case 22:
      return { ...style, isBold: false };
    case 24:
      return { ...style, isUnderlined: false };
    case 27:
      return { ...style, isInverse: false };
    case 39:
      return { ...style, fg: null };
    case 49:
      return { ...style, bg: null };
  }
  const name = NAMES[code % 10];
  switch (Math.floor(code / 10)) {
    case 3:
      return { ...style, fg: name ?? style.fg };
    case 4:
      return { ...style, bg: name ?? style.bg };
    case 9:
      return { ...style, fg: name ? `${name}-intense` : style.fg };
    case 10:
      return { ...style, bg: name ? `${name}-intense` : style.bg };
    default:
      return style;
  }
}

/** One of 256 colours, or red, green and blue: after 38 and 48. */
function extended(codes: readonly number[]): {
  colour: string | null;
  used: number;
} {
  const rgb = (...parts: number[]) =>
    `rgb(${parts.map(part => Math.min(255, part || 0)).join(', ')})`;
  if (codes[0] === 2) {
    return { colour: rgb(codes[1], codes[2], codes[3]), used: 4 };
  }
  if (codes[0] !== 5) {
    return { colour: null, used: 0 };
  }
  const index = codes[1] ?? 0;
  if (index < 16) {
    const name = NAMES[index % 8];
    return { colour: index < 8 ? name : `${name}-intense`, used: 2 };
  }
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return { colour: rgb(grey, grey, grey), used: 2 };
  }
  const level = (part: number) => (part ? 55 + 40 * part : 0);
  const cube = index - 16;
  return {
    colour: rgb(
      level(Math.floor(cube / 36)),
      level(Math.floor(cube / 6) % 6),
      level(cube % 6)
    ),
    used: 2
  };
}
