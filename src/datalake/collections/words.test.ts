import { expect, test } from 'vitest';
import type { INode } from '../../ui/outline/node';
import type { IAccount, IErasure, IRow } from '../api';
import type { IPlurals } from '../put/words';
import { scopeRow } from '../rows';
import type { ILakeRow } from '../rows';
import {
  changesOf,
  erasureLines,
  holderOf,
  pairsProblem,
  parentOf,
  quotaViews,
  rowsText,
  scopeFor
} from './words';

const fill = (text: string, args: (string | number)[]) =>
  text.replace(/%(\d)/g, (_, at) => String(args[Number(at) - 1]));
const trans: IPlurals = {
  __: (text, ...args) => fill(text, args),
  _n: (one, many, n, ...args) => fill(n === 1 ? one : many, [n, ...args])
};

const row = (type: IRow['type'], name = 'a') =>
  ({ type, name, scope: 'demo', ref: `rucio:demo:${name}` }) as IRow;
const ACCOUNT = {
  account: 'jane',
  admin: false,
  unlimited: false,
  scopes: ['ska', 'user.jane'],
  quotas: [],
  shared: [],
  note: null
} satisfies IAccount;

test('files go into datasets, collections into containers, both into nothing', () => {
  expect(holderOf([])).toBeNull();
  expect(holderOf([row('file'), row('file', 'b')])).toBe('dataset');
  expect(holderOf([row('dataset'), row('container')])).toBe('container');
  expect(holderOf([row('file'), row('dataset')])).toBeNull();
  expect(rowsText([row('file')], trans)).toBe('a');
  expect(rowsText([row('file'), row('file', 'b')], trans)).toBe('2 items');
});

test('rows are detached from the one collection that they are shown in', () => {
  const below = (parent: ILakeRow | null) =>
    ({ parent: { row: parent } }) as INode<ILakeRow>;
  const [one, other] = [row('dataset'), row('dataset', 'b')];
  expect(parentOf([below(one), below(one)])).toBe(one);
  expect(parentOf([below(one), below(other)])).toBeNull();
  expect(parentOf([below(null)])).toBeNull();
  expect(parentOf([below(scopeRow('demo'))])).toBeNull();
  expect(parentOf([])).toBeNull();
});

test('the scope at hand is written to if it is one’s own', () => {
  expect(scopeFor('ska', ACCOUNT)).toBe('ska');
  expect(scopeFor('demo', ACCOUNT)).toBe('user.jane');
  expect(scopeFor(null, { ...ACCOUNT, scopes: ['x'] })).toBe('x');
  expect(scopeFor('demo', null)).toBe('demo');
});

test('only what was changed is set, and keeps what it is', () => {
  const metadata = { run: 7, note: 'old', flag: true, is_open: true };
  const pairs = [
    ['run', '7'],
    [' note ', 'new'],
    ['energy', '1.5'],
    ['list', '[1]'],
    ['', '']
  ] as const;
  expect(changesOf(metadata, pairs)).toEqual({
    set: { note: 'new', energy: 1.5, list: '[1]' },
    unset: ['flag']
  });
});

test('pairs are refused with a reason', () => {
  expect(pairsProblem([['a', '1']], trans)).toBeUndefined();
  const said = (...pairs: [string, string][]) => pairsProblem(pairs, trans);
  expect(said(['a', '1'], ['a ', '2'])).toBe('The key a is there twice.');
  expect(said(['bytes', '1'])).toContain('Rucio’s own');
  expect(said(['a.b', '1'])).toContain('dot or a slash');
  expect(said(['', '1'])).toBe('A value has no key.');
});

test('what an erasure says comes first, then when', () => {
  const erasure = { message: 'All goes.', note: null, expires: null };
  expect(erasureLines(erasure as IErasure, trans)).toEqual([
    { kind: 'warning', text: 'All goes.' },
    {
      kind: 'plain',
      text: 'It is erased after a day. Until then you can undo this.'
    }
  ]);
  const before = {
    ...erasure,
    note: 'Partly.',
    expires: '2026-12-24T12:00:00'
  };
  const [, note, when] = erasureLines(before as IErasure, trans);
  expect(note.text).toBe('Partly.');
  expect(when.text).toContain('already: Dec 24, 2026');
});

test('a quota has a bar where it has a limit', () => {
  const quota = { used: 25, files: 1, limit: 100, left: 75 };
  const account: IAccount = {
    ...ACCOUNT,
    quotas: [
      { rse: 'NORTH', ...quota },
      { rse: 'SOUTH', ...quota, limit: null, left: null },
      { rse: 'EAST', ...quota, limit: 0, left: 0 }
    ],
    shared: [{ expression: 'tier=2', rses: [], ...quota, used: 300, left: 0 }]
  };
  expect(
    quotaViews(account, trans).map(one => [
      one.label,
      one.text,
      one.fraction,
      one.isFull
    ])
  ).toEqual([
    ['NORTH', '25 B of 100 B used, 75 B left', 0.25, false],
    ['SOUTH', '25 B used, no limit', null, false],
    ['EAST', '25 B used; nothing may be stored', 1, true],
    ['tier=2 together', '300 B of 100 B used, 0 B left', 1, true]
  ]);
  const [north] = quotaViews({ ...account, unlimited: true }, trans);
  expect(north.fraction).toBeNull();
});
