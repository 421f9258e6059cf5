import { expect, test } from 'vitest';
import { PLAIN, plainText, spansOf, styleAfter } from './ansi';
import { LogBuffer } from './logbuffer';
import { heightOf, isScaled, linesFor, placeOf, scrollOf } from './logscroll';

const ESC = '\x1b';

function texts(buffer: LogBuffer, from = 0, to = buffer.length): string[] {
  return buffer.lines(from, to).map(line => line.text);
}

async function find(buffer: LogBuffer, text: string): Promise<number[]> {
  const found: number[] = [];
  await buffer.search(text, new AbortController().signal, lines =>
    found.push(...lines)
  );
  return found;
}

test('lines are the same, however the text came in pieces', () => {
  const text = 'one\ntwo\n\nfour\r\nthe last has not ended';
  for (let size = 1; size <= text.length; size++) {
    const buffer = new LogBuffer();
    for (let at = 0; at < text.length; at += size) {
      buffer.append(text.slice(at, at + size));
    }
    expect(texts(buffer)).toEqual(text.split('\n'));
  }
});

test('a line that has not ended is the last, and grows', () => {
  const buffer = new LogBuffer();
  expect(buffer.length).toBe(0);
  buffer.append('a');
  expect(texts(buffer)).toEqual(['a']);
  buffer.append('b\n');
  expect(texts(buffer)).toEqual(['ab']);
  buffer.append('c');
  expect(texts(buffer)).toEqual(['ab', 'c']);
  expect(texts(buffer, 1, 9)).toEqual(['c']);
  buffer.clear();
  expect(buffer.length).toBe(0);
});

test('a million lines are found by number, wherever blocks begin', async () => {
  const buffer = new LogBuffer();
  const count = 1_000_000;
  for (let from = 0; from < count; from += 10_000) {
    const some = Array.from({ length: 10_000 }, (_, at) => `line ${from + at}`);
    buffer.append(some.join('\n') + '\n');
  }
  expect(buffer.length).toBe(count);
  for (const index of [0, 1, 4_999, 65_536, 123_456, 999_999]) {
    expect(texts(buffer, index, index + 1)).toEqual([`line ${index}`]);
  }
  expect(texts(buffer, 500_000, 502_000)).toHaveLength(2000);
  expect(await find(buffer, 'LINE 77777')).toEqual([
    77_777,
    ...Array.from({ length: 10 }, (_, at) => 777_770 + at)
  ]);
});

test('a search tells what it finds in turns, and stops when it is given up', async () => {
  const buffer = new LogBuffer();
  const line = `${'x'.repeat(99)}\n`;
  buffer.append(line.repeat(40_000));
  const abort = new AbortController();
  const turns: number[] = [];
  const searching = buffer.search('x', abort.signal, lines => {
    turns.push(lines.length);
    if (turns.length === 2) {
      abort.abort();
    }
  });
  // Nothing was told at once but the first turn: the page goes on meanwhile.
  expect(turns).toHaveLength(1);
  await searching;
  expect(turns).toHaveLength(2);
  expect(turns[0] + turns[1]).toBeLessThan(40_000);
});

test('what is written in colours is found, and what was overwritten is not', async () => {
  const buffer = new LogBuffer();
  buffer.append(`all ${ESC}[31mr${ESC}[0med\n10 %\r20 %\rdone\nİstanbul red\n`);
  expect(await find(buffer, 'RED')).toEqual([0, 2]);
  expect(await find(buffer, '20 %')).toEqual([]);
  expect(await find(buffer, 'done')).toEqual([1]);
});

test('colours go on from line to line until they end', () => {
  const buffer = new LogBuffer();
  buffer.append(`plain ${ESC}[1;31mred\nstill red${ESC}[0m plain\nplain\n`);
  const [, second, third] = buffer.lines(0, 3);
  expect(second.style).toMatchObject({ fg: 'red', isBold: true });
  expect(third.style).toEqual(PLAIN);
  // The same when only the end is asked for.
  expect(buffer.lines(1, 2)[0].style).toEqual(second.style);
});

test('a line in colours is spans of text', () => {
  const { spans, end } = spansOf(
    `a${ESC}[32mb${ESC}[4mc${ESC}[39;24md${ESC}[91;103me`,
    PLAIN
  );
  expect(spans.map(({ text }) => text).join('')).toBe('abcde');
  expect(spans.map(({ style }) => style.fg)).toEqual([
    null,
    'green',
    'green',
    null,
    'red-intense'
  ]);
  expect(spans[2].style.isUnderlined).toBe(true);
  expect(end).toMatchObject({ fg: 'red-intense', bg: 'yellow-intense' });
});

test('256 colours and red, green, blue', () => {
  const fg = (codes: string) => styleAfter(`${ESC}[${codes}m`, PLAIN).fg;
  expect(fg('38;5;1')).toBe('red');
  expect(fg('38;5;9')).toBe('red-intense');
  expect(fg('38;5;196')).toBe('rgb(255, 0, 0)');
  expect(fg('38;5;244')).toBe('rgb(128, 128, 128)');
  expect(fg('38;2;1;2;3')).toBe('rgb(1, 2, 3)');
  expect(fg('38;2;999;2;3')).toBe('rgb(255, 2, 3)');
  expect(styleAfter(`${ESC}[48;5;1;1m`, PLAIN)).toMatchObject({
    bg: 'red',
    isBold: true
  });
});

test('nothing of a terminal reaches the page', () => {
  const hostile = `a${ESC}]0;title\x07b${ESC}[2J${ESC}[Hc\x07\u202ed${ESC}]8;;http://x${ESC}\\link`;
  expect(plainText(hostile)).toBe('abcdlink');
  const shown = spansOf(hostile, PLAIN).spans;
  expect(shown.map(({ text }) => text).join('')).toBe('abcdlink');
});

test('each line can be scrolled to, in a text of any length', () => {
  const shown = 40;
  for (const count of [1, 39, 41, 10_000, 600_000, 5_000_000]) {
    const last = Math.max(0, count - shown);
    for (const line of [0, 1, 7, last >> 1, last - 1, last]) {
      if (line >= 0 && line <= last) {
        // As precise as a browser keeps it.
        const top = Math.round(scrollOf(line, count, shown) * 4) / 4;
        expect(placeOf(top, count, shown).line).toBe(line);
      }
    }
    expect(placeOf(scrollOf(count, count, shown), count, shown)).toEqual({
      line: last,
      isAtEnd: true
    });
    expect(heightOf(count)).toBeLessThan(17_000_000);
    if (last > 100) {
      expect(placeOf(0, count, shown).isAtEnd).toBe(false);
    }
  }
  expect(isScaled(10_000)).toBe(false);
  expect(isScaled(5_000_000)).toBe(true);
});

test('keys move by lines, whatever a pixel of the scroll bar means', () => {
  expect(linesFor('ArrowUp', 1000, 40)).toBe(-1);
  expect(linesFor('PageDown', 1000, 40)).toBe(39);
  expect(linesFor('End', 1000, 40)).toBe(1000);
  expect(linesFor('x', 1000, 40)).toBe(0);
});
