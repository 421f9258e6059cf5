import { afterEach, beforeEach, expect, test } from 'vitest';
import { Signal } from '@lumino/signaling';
import type { IRow } from './api';
import type { IJob } from '../core/api';
import type { IAgent, IJobs } from '../core/tokens';
import { isPlace } from './place';
import { Datalake } from './model';
import type { IPlace } from '../ui/sidebar/tokens';
import type { IQuery } from './query';

const jobs = {
  changed: new Signal<IJobs, void>({} as IJobs),
  ended: new Signal<IJobs, IJob>({} as IJobs),
  active: [],
  refresh: () => Promise.resolve(),
  put: () => undefined
} as unknown as IJobs;
const trans = { __: (text: string) => text } as never;

const LEFT: IPlace<IQuery> = {
  instance: 'lake',
  query: {
    scope: 'demo',
    name: 'fermi',
    pattern: '*fermi*',
    conditions: ''
  },
  type: 'file'
};

/** Inside names is slow: a place is come back to without. */
const BACK: IPlace<IQuery> = {
  ...LEFT,
  query: { scope: 'demo', name: 'fermi', pattern: 'fermi*', conditions: '' }
};

/** What was asked for and has not been answered, by path. */
let open: Map<string, (answer: unknown) => void>;
let listed: string[];
let bodies: unknown[];
let model: Datalake;

const agent = {
  request: (_method: string, path: string, options?: object) =>
    new Promise((resolve, reject) => {
      open.set(path, resolve);
      bodies.push((options as { body?: unknown })?.body);
      (options as { signal?: AbortSignal })?.signal?.addEventListener(
        'abort',
        () => reject(new DOMException('', 'AbortError'))
      );
    }),
  stream: (_path: string, options: { query: { pattern: string } }) => {
    listed.push(options.query.pattern);
    return Promise.resolve({ count: 0, truncated: false });
  }
} as unknown as IAgent;

/** Answer a question as soon as it has been asked. */
async function answer(path: string, body: object): Promise<void> {
  await expect.poll(() => open.has(path)).toBe(true);
  open.get(path)?.(body);
  open.delete(path);
}

const instances = { instances: [{ name: 'lake' }] };
const scopes = { scopes: ['demo', 'other'] };

beforeEach(() => {
  open = new Map();
  listed = [];
  bodies = [];
  model = new Datalake({ agent, jobs, trans, window: new EventTarget() });
});

afterEach(() => model.dispose());

test('what was listed is listed again as soon as the scopes are there, narrow', async () => {
  void model.start(LEFT);
  await answer('datalake/instances', instances);
  expect(model.place).toEqual(BACK);
  await answer('datalake/scopes', scopes);
  await expect.poll(() => listed).toEqual(['fermi*']);
  expect(open.has('datalake/whoami')).toBe(true);
  expect(model.place).toEqual(BACK);
});

test('who went elsewhere meanwhile stays there', async () => {
  void model.start(LEFT);
  await answer('datalake/instances', instances);
  await expect.poll(() => open.has('datalake/scopes')).toBe(true);
  void model.openScope('other');
  await answer('datalake/scopes', scopes);
  await answer('datalake/whoami', {});
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(model.query?.scope).toBe('other');
  expect(listed).toEqual(['*']);
});

test('a start that is stopped and begun again goes there all the same', async () => {
  void model.start(LEFT);
  await answer('datalake/instances', instances);
  await expect.poll(() => open.has('datalake/scopes')).toBe(true);
  model.stop();
  expect(model.place).toEqual(BACK);
  open.clear();
  void model.start();
  await answer('datalake/instances', instances);
  await answer('datalake/scopes', scopes);
  await expect.poll(() => listed).toEqual(['fermi*']);
});

test('a scope that has gone is not looked for', async () => {
  void model.start(LEFT);
  await answer('datalake/instances', instances);
  await answer('datalake/scopes', { scopes: ['other'] });
  await expect.poll(() => model.outline.tree.rows.length).toBe(1);
  expect(model.isHome).toBe(true);
  expect(listed).toEqual([]);
});

test('of rows to get, those that are here at this moment are left out', async () => {
  void model.start();
  await answer('datalake/instances', instances);
  await answer('datalake/scopes', scopes);
  const rows = ['a', 'b', 'c'].map(ref => ({ ref }) as IRow);
  const states = (local: Record<string, string>) => ({
    rows: Object.entries(local).map(([ref, where]) => ({ ref, local: where }))
  });
  model.states.want(['a', 'b']);
  await answer('datalake/states', states({ a: 'here', b: 'here' }));
  await expect.poll(() => model.states.get('b')?.local).toBe('here');
  const job = model.get(rows);
  await answer('datalake/states', states({ a: 'here', b: 'elsewhere' }));
  await expect.poll(() => bodies.at(-1)).toMatchObject({ refs: ['b', 'c'] });
  await answer('datalake/get', { id: '1' });
  expect((await job)?.id).toBe('1');
  const none = model.get([{ ref: 'a' } as IRow]);
  await answer('datalake/states', states({ a: 'here' }));
  expect(await none).toBeNull();
});

test('only what is a place is taken for one', () => {
  expect(isPlace(LEFT)).toBe(true);
  expect(isPlace({ instance: null, query: null, type: 'all' })).toBe(true);
  for (const other of [
    undefined,
    null,
    'demo',
    {},
    { ...LEFT, type: 'colour' },
    { ...LEFT, query: { scope: 'demo' } },
    { ...LEFT, instance: 7 }
  ]) {
    expect(isPlace(other)).toBe(false);
  }
});
