import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commonEnd, elideMiddle, oneLine } from './elide';
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatRate
} from './format';
import type { IOutline, Move } from './outline/navigation';
import { moveFor, typeAhead } from './outline/navigation';

describe('numbers are written as in Python', () => {
  // tests/unit/core/test_text.py reads the same examples.
  const url = new URL('../../tests/unit/core/text.json', import.meta.url);
  const examples = JSON.parse(readFileSync(url, 'utf8')) as Record<
    string,
    [number, string][]
  >;
  const formats = {
    size: formatBytes,
    duration: formatDuration,
    percent: formatPercent
  };
  test.each(Object.entries(formats))('%s', (kind, format) => {
    expect(examples[kind].length).toBeGreaterThan(4);
    for (const [value, text] of examples[kind]) {
      expect(format(value)).toBe(text);
    }
  });

  test('a rate is a size in a second', () => {
    expect(formatRate(38e6)).toBe('38.0 MB/s');
  });
});

test('a name keeps its end, and never breaks a line', () => {
  const within = (room: number) => (text: string) => [...text].length <= room;
  const name = 'run_000123_calibrated.fits';
  expect(elideMiddle(name, within(26))).toBe(name);
  expect(elideMiddle(name, within(25))).toBe('run_00…23_calibrated.fits');
  expect(elideMiddle(name, within(10))).toBe('run…d.fits');
  expect(elideMiddle(name, within(3))).toBe('r…s');
  expect(elideMiddle(name, within(0))).toBe('r…');
  expect(elideMiddle('🔭'.repeat(20), within(5))).toBe('🔭…🔭🔭🔭');
  // Where neighbours end alike, what they differ in.
  expect(elideMiddle('lc.1.100-300MeV.csv', within(12), 7)).toBe(
    '…-300MeV.csv'
  );
  expect(elideMiddle('lc.1.100-300MeV.csv', within(13), 7)).toBe(
    'lc.1.100-300…'
  );
  for (let room = 1; room < 19; room++) {
    for (let shared = 0; shared < 12; shared++) {
      const cut = elideMiddle('lc.1.100-300MeV.csv', within(room), shared);
      expect(cut.split('…')).toHaveLength(2);
    }
  }
  expect(elideMiddle('lc.1.100-300MeV.csv', within(18), 3)).toBe(
    'lc.1.…0-300MeV.csv'
  );
  expect(commonEnd('3-10GeV.csv', '10-100GeV.csv')).toBe(8);
  expect(commonEnd('same', 'same')).toBe(4);
  expect(oneLine('a\nb\0c')).toBe('a␊b␀c');
});

/** a(open: a1, a2(closed)), b */
const LEVELS = [0, 1, 1, 0];
const NAMES = ['alpha', 'apple', 'beta', 'bravo'];
const rows: IOutline = {
  length: 4,
  level: index => LEVELS[index],
  isExpandable: index => index === 0 || index === 2,
  isExpanded: index => index === 0,
  text: index => NAMES[index]
};
const to = (index: number): Move => ({ kind: 'move', to: index });

describe('keys', () => {
  const cases: [string, number, Move | null][] = [
    ['ArrowDown', -1, to(0)],
    ['ArrowDown', 3, to(3)],
    ['ArrowUp', 0, to(0)],
    ['Home', 3, to(0)],
    ['End', 0, to(3)],
    ['PageDown', 0, to(2)],
    ['PageUp', 3, to(1)],
    ['ArrowRight', 0, to(1)],
    ['ArrowRight', 2, { kind: 'expand' }],
    ['ArrowRight', 1, null],
    ['ArrowLeft', 0, { kind: 'collapse' }],
    ['ArrowLeft', 2, to(0)],
    ['ArrowLeft', 3, null],
    ['x', 0, null]
  ];
  test.each(cases)('%s on row %i', (key, at, move) => {
    expect(moveFor(key, at, 2, rows)).toEqual(move);
  });

  test('type-ahead goes round, and stays while it fits', () => {
    expect(typeAhead('a', 0, rows)).toBe(1);
    expect(typeAhead('a', 1, rows)).toBe(0);
    expect(typeAhead('aa', 0, rows)).toBe(1);
    expect(typeAhead('br', 2, rows)).toBe(3);
    expect(typeAhead('be', 2, rows)).toBe(2);
    expect(typeAhead('z', 0, rows)).toBe(-1);
  });
});
