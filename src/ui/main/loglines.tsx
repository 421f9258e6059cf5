import * as React from 'react';
import { spansOf } from './ansi';
import type { IAnsiStyle } from './ansi';
import type { LogBuffer } from './logbuffer';
import { heightOf } from './logscroll';

/** Longer lines would only make the page slow. */
const LONGEST = 5000;

export interface ILogLinesProps {
  buffer: LogBuffer;
  /** The line at the top. */
  first: number;
  /** How many lines fit. */
  shown: number;
  /** What is searched, '' for nothing. */
  wanted: string;
  /** The line that the search is at, or -1. */
  current: number;
}

/** The lines in sight, within a room as high as the whole text. */
export function LogLines(props: ILogLinesProps): React.JSX.Element {
  const { buffer, first, shown, wanted, current } = props;
  const lines = buffer.lines(first, first + shown + 1);
  return (
    <div
      className="escape-Log-room"
      style={{ height: heightOf(buffer.length) }}
    >
      <pre className="escape-Log-lines">
        {lines.map(({ text, style }, at) => (
          <div
            key={first + at}
            className="escape-Log-line"
            data-line={first + at}
            aria-current={first + at === current || undefined}
          >
            {spansOf(text.slice(0, LONGEST), style).spans.map((span, index) => (
              <span key={index} {...looksOf(span.style)}>
                {marked(span.text, wanted)}
              </span>
            ))}
            {text.length > LONGEST && '…'}
          </div>
        ))}
      </pre>
    </div>
  );
}

/** Names of colours for the style sheet; others are colours themselves. */
function looksOf(style: IAnsiStyle): React.HTMLAttributes<HTMLSpanElement> {
  const { fg, bg } = turned(style);
  const data: Record<string, string | undefined> = {
    'data-fg': isNamed(fg) ? fg : undefined,
    'data-bg': isNamed(bg) ? bg : undefined
  };
  return {
    ...data,
    className: style.isBold ? 'escape-mod-bold' : undefined,
    style: {
      color: isNamed(fg) ? undefined : fg,
      backgroundColor: isNamed(bg) ? undefined : bg,
      textDecoration: style.isUnderlined ? 'underline' : undefined
    }
  };
}

function turned({ fg, bg, isInverse }: IAnsiStyle): {
  fg: string | undefined;
  bg: string | undefined;
} {
  return isInverse
    ? { fg: bg ?? 'inverse', bg: fg ?? 'inverse' }
    : { fg: fg ?? undefined, bg: bg ?? undefined };
}

function isNamed(colour: string | undefined): boolean {
  return colour !== undefined && !colour.startsWith('rgb(');
}

/** A text with each place marked that holds what is searched. */
function marked(text: string, wanted: string): React.ReactNode {
  const lower = text.toLowerCase();
  const needle = wanted.toLowerCase();
  if (needle === '' || !lower.includes(needle)) {
    return text;
  }
  if (lower.length !== text.length) {
    return <mark>{text}</mark>;
  }
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (
    let next = lower.indexOf(needle);
    next >= 0;
    next = lower.indexOf(needle, at)
  ) {
    const end = next + needle.length;
    parts.push(text.slice(at, next));
    parts.push(<mark key={next}>{text.slice(next, end)}</mark>);
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}
