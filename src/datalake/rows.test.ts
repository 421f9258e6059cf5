import { expect, test } from 'vitest';
import type { IRow, IRowState } from './api';
import type { INode } from '../ui/outline/node';
import { makeNode, rowNode } from '../ui/outline/node';
import { comparison } from '../ui/outline/order';
import type { ILakeRow } from './rows';
import { RULES, scopeRow, sortKeys } from './rows';

const root: INode<ILakeRow> = makeNode(null, 'root');
const row = (name: string, more: Partial<IRow> = {}) =>
  ({
    ref: name,
    scope: 'demo',
    name,
    type: 'file',
    bytes: null,
    ...more
  }) as IRow;

function sorted(rows: IRow[], key?: string): string[] {
  const keys = sortKeys(ref => STATES[ref] as IRowState | undefined);
  const compare = comparison(
    RULES,
    false,
    keys.find(({ id }) => id === key)
  );
  return rows
    .map(one => rowNode(root, one))
    .sort(compare)
    .map(node => `${node.row?.scope}:${node.name}`);
}

const STATES: Record<string, Partial<IRowState>> = {
  problem: { local: 'elsewhere', job: null, problem: 'It failed.' },
  elsewhere: { local: 'elsewhere', job: null, bytes: 3 },
  coming: { local: 'elsewhere', job: 'j', bytes: 2 },
  partly: { local: 'partly', job: null, bytes: 1 },
  here: { local: 'here', bytes: 9 }
};

test('by state: what is here, partly, coming, elsewhere, then problems, then the unknown', () => {
  const names = ['a', 'problem', 'elsewhere', 'coming', 'partly', 'here'];
  expect(
    sorted(
      names.map(name => row(name)),
      'state'
    )
  ).toEqual(
    ['here', 'partly', 'coming', 'elsewhere', 'problem', 'a'].map(
      name => `demo:${name}`
    )
  );
});

test('by size: the row tells it, else the state', () => {
  const rows = [row('here'), row('b', { bytes: 5 }), row('elsewhere')];
  expect(sorted(rows, 'size')).toEqual([
    'demo:elsewhere',
    'demo:b',
    'demo:here'
  ]);
});

test('the same name in two scopes: by scope', () => {
  const rows = [row('x', { scope: 's10' }), row('x', { scope: 's9' })];
  expect(sorted(rows)).toEqual(['s9:x', 's10:x']);
});

test('what is asked for to sort: states of all DIDs, sizes that are not known', () => {
  const [size, state] = sortKeys(() => undefined);
  const asked = (key: typeof size, one: ILakeRow) => key.isAsked?.(one);
  expect(asked(size, row('a'))).toBe(true);
  expect(asked(size, row('a', { bytes: 1 }))).toBe(false);
  expect(asked(state, row('a', { bytes: 1 }))).toBe(true);
  expect(asked(state, scopeRow('demo'))).toBe(false);
});
