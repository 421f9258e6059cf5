import { expect, test } from 'vitest';
import { ALWAYS, dateText, secondsOf, untilProblem } from './lifetime';

const trans = { __: (text: string) => text };
const NOON = new Date('2026-11-26T12:00:00');

test('a choice is so many seconds from now, a date its whole day', () => {
  expect(secondsOf(ALWAYS, NOON)).toBeNull();
  expect(secondsOf({ keep: '7', date: '' }, NOON)).toBe(7 * 86_400);
  expect(secondsOf({ keep: 'date', date: '2026-11-26' }, NOON)).toBe(43_199);
  expect(dateText(NOON)).toBe('2026-11-26');
});

test('a date in the past is said, one that is not filled in is not', () => {
  const problem = (date: string) =>
    untilProblem({ keep: 'date', date }, NOON, trans);
  expect(problem('')).toBe('');
  expect(problem('2026-11-25')).toBe('This date is in the past.');
  expect(problem('2026-11-26')).toBeUndefined();
  expect(untilProblem(ALWAYS, NOON, trans)).toBeUndefined();
});
