import { afterEach, beforeEach, expect, test } from 'vitest';
import { Signal } from '@lumino/signaling';
import type { IJob } from '../core/api';
import type { IAgent, IJobs } from '../core/tokens';
import { isPlace } from '../ui/outline/memory';
import { Datalake } from './model';
import type { IPlace } from './query';

const jobs = {
  changed: new Signal<IJobs, void>({} as IJobs),
  ended: new Signal<IJobs, IJob>({} as IJobs),
  active: [],
  refresh: () => Promise.resolve()
} as unknown as IJobs;
const trans = { __: (text: string) => text } as never;

const LEFT: IPlace = {
  instance: 'lake',
  query: { scope: 'demo', name: 'fermi', pattern: '*fermi*' },
  type: 'file'
};

/** Inside names is slow: a place is come back to without. */
const BACK: IPlace = {
  ...LEFT,
  query: { scope: 'demo', name: 'fermi', pattern: 'fermi*' }
};

/** What was asked for and has not been answered, by path. */
let open: Map<string, (answer: unknown) => void>;
let listed: string[];
let model: Datalake;

const agent = {
  request: (_method: string, path: string, options?: object) =>
    new Promise((resolve, reject) => {
      open.set(path, resolve);
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
  await expect.poll(() => model.tree.rows.length).toBe(1);
  expect(model.view).toBe('scopes');
  expect(listed).toEqual([]);
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
