import { expect, test } from 'vitest';
import type { IPutPlan, IRow } from '../api';
import type { IDatalake } from '../tokens';
import { scopeRow } from '../rows';
import { targetOf } from './target';
import type { IPlurals } from './words';
import { allows, namesOf, planLines } from './words';

const fill = (text: string, args: (string | number)[]) =>
  text.replace(/%(\d)/g, (_, at) => String(args[Number(at) - 1]));
const trans: IPlurals = {
  __: (text, ...args) => fill(text, args),
  _n: (one, many, n, ...args) => fill(n === 1 ? one : many, [n, ...args])
};

const PLAN = {
  scope: 'user.jane',
  dataset: 'run7',
  dataset_exists: false,
  rse: 'NORTH',
  candidates: [],
  files: 12,
  new: 12,
  new_bytes: 3_400_000,
  equal: 0,
  hidden: 0,
  problems: [],
  problem_count: 0,
  rule: '',
  error: null
} as unknown as IPutPlan;

const said = (more: Partial<IPutPlan>) =>
  planLines({ ...PLAN, ...more }, trans).map(({ kind, text }) => [kind, text]);

test('a plan says what is sent, where to, and into what', () => {
  expect(said({ hidden: 1, rule: 'A rule keeps them.' })).toEqual([
    ['fine', '12 files, 3.4 MB, are sent to NORTH.'],
    ['plain', 'One hidden file is left out.'],
    ['plain', 'The new dataset user.jane:run7 holds them.'],
    ['plain', 'A rule keeps them.']
  ]);
  expect(said({ new: 0, equal: 12, dataset_exists: true })).toEqual([
    [
      'fine',
      '12 files are there already, with the same content, and are not sent.'
    ],
    ['plain', 'They are added to the dataset user.jane:run7.']
  ]);
});

test('a problem comes first, names its files, and holds it up', () => {
  const problems = [
    { path: '/run7/a b', kind: 'refused', message: '“a b” has a space.' }
  ] as IPutPlan['problems'];
  const plan = { ...PLAN, problems, problem_count: 1 };
  const [first] = planLines(plan, trans);
  expect(first.kind).toBe('problem');
  expect(first.items).toEqual(['“a b” has a space.']);
  expect(allows(plan)).toBe(false);
  expect(allows(PLAN)).toBe(true);
  expect(allows({ ...PLAN, files: 0 })).toBe(false);
});

test('where several RSEs could be meant, the form asks, not the error', () => {
  const error = { message: 'No RSE.', hint: '', details: {} };
  const first = (details: object) =>
    planLines(
      { ...PLAN, rse: null, error: { ...error, details } } as IPutPlan,
      trans
    )[0];
  expect(first({ field: 'rse' })).toMatchObject({
    kind: 'plain',
    text: 'Choose where to store them.'
  });
  expect(first({})).toMatchObject({ kind: 'problem', text: 'No RSE.' });
  const plan = { ...PLAN, rse: null, error } as IPutPlan;
  expect(allows(plan)).toBe(false);
});

test('what is put has a name, or is counted', () => {
  expect(namesOf(['data/run7'], trans)).toBe('run7');
  expect(namesOf(['a', 'b'], trans)).toBe('2 items');
});

test('a row is a target: a dataset itself, a scope, the list of a file', () => {
  const dataset = { ref: 'd', type: 'dataset', scope: 'demo', name: 'run7' };
  const file = { ref: 'f', type: 'file', scope: 'demo', name: 'a' };
  const node = { row: dataset as IRow, parent: null };
  const rows = [node, { row: file as IRow, parent: node }];
  const model = {
    query: { scope: 'demo', name: '', pattern: '*' },
    outline: { tree: { rows: [...rows, { row: scopeRow('ska') }] } }
  } as unknown as IDatalake;
  const run7 = { ref: 'd', scope: 'demo', dataset: 'run7' };
  expect(targetOf('d', model)).toEqual(run7);
  expect(targetOf('f', model)).toEqual(run7);
  expect(targetOf('scope:ska', model)).toMatchObject({ scope: 'ska' });
  expect(targetOf(null, model)).toEqual({
    ref: null,
    scope: 'demo',
    dataset: null
  });
});
