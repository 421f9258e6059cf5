/** What a person asks for last is shown, however late other answers come. */
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IJob } from '../core/api';
import type { IRow } from './api';
import { AgentError } from '../core/errors';
import type { IAgent, IJobs } from '../core/tokens';
import { Datalake } from './model';

const jobs = {
  changed: new Signal<IJobs, void>({} as IJobs),
  ended: new Signal<IJobs, IJob>({} as IJobs),
  active: [],
  refresh: () => Promise.resolve()
} as unknown as IJobs;
const trans = { __: (text: string) => text } as never;

interface IAsked {
  what: string;
  signal?: AbortSignal;
  rows: (...names: string[]) => void;
  answer: (value: unknown) => void;
  fail: (error: Error) => void;
}

let asked: IAsked[];
let model: Datalake;

function ask(
  what: string,
  signal: AbortSignal | undefined,
  onRows: (rows: IRow[]) => void = () => undefined
): Promise<never> {
  return new Promise((resolve, reject) => {
    asked.push({
      what,
      signal,
      rows: (...names) => onRows(names.map(rowOf)),
      answer: value => resolve(value as never),
      fail: reject
    });
    // As slow as can be: the rejection of what was given up comes when a test
    // says so, or never.
  });
}

const agent = {
  request: (_: string, path: string, options?: { signal?: AbortSignal }) =>
    ask(path.replace('datalake/', ''), options?.signal),
  stream: (
    _path: string,
    options: {
      query: { scope?: string; pattern?: string; type?: string };
      signal: AbortSignal;
      onRows: (rows: IRow[]) => void;
    }
  ) => {
    const { scope, pattern, type } = options.query;
    const kind = type === 'all' ? '' : ` ${type}`;
    return ask(`${scope}:${pattern}${kind}`, options.signal, options.onRows);
  }
} as unknown as IAgent;

function rowOf(name: string): IRow {
  return { ref: `rucio:demo:${name}`, name, type: 'file' } as IRow;
}

/** The last question of this kind, as soon as there are `count` of them. */
async function the(what: string, count = 1): Promise<IAsked> {
  const found = () => asked.filter(one => one.what === what);
  await expect.poll(() => found().length).toBeGreaterThanOrEqual(count);
  return found()[count - 1];
}

/** Let everything that was answered be taken in. */
const settle = () => new Promise(resolve => setTimeout(resolve));

const shown = () => model.outline.tree.rows.map(node => node.name || node.kind);

const DONE = { count: 0, truncated: false };
const INSTANCES = { instances: [{ name: 'lake' }, { name: 'pond' }] };
const SCOPES = { scopes: ['demo', 'other'] };
const DOWN = new AgentError({
  code: 'hub_unavailable',
  message: 'The hub restarts.',
  hint: '',
  retryable: true,
  details: { retry_after_s: 5 }
});

async function started(): Promise<void> {
  void model.start();
  (await the('instances')).answer(INSTANCES);
  (await the('scopes')).answer(SCOPES);
  (await the('whoami')).answer({ latency_ms: 1 });
  await settle();
}

beforeEach(() => {
  asked = [];
  model = new Datalake({ agent, jobs, trans, window: new EventTarget() });
});

afterEach(() => model.dispose());

test('a search waits neither for the scopes nor for who we are', async () => {
  void model.start();
  (await the('instances')).answer(INSTANCES);
  await the('whoami');
  await the('scopes');
  void model.search('demo:fermi');
  (await the('demo:fermi*')).rows('fermi.1');
  expect(shown()).toEqual(['fermi.1', 'waiting']);
  (await the('scopes')).answer(SCOPES);
  await settle();
  expect(shown()).toEqual(['fermi.1', 'waiting']);
  expect(model.query?.pattern).toBe('fermi*');
});

test('a search entered before anything is known is listed, not forgotten', async () => {
  void model.start();
  void model.search('demo:fermi');
  expect(model.pending).toBe('demo:fermi');
  (await the('instances')).answer(INSTANCES);
  await the('demo:fermi*');
  expect(model.pending).toBeNull();
});

test('a search that only the scopes explain is listed when they come', async () => {
  void model.start();
  void model.search('othe');
  (await the('instances')).answer(INSTANCES);
  await the('scopes');
  expect(model.pending).toBe('othe');
  (await the('scopes')).answer(SCOPES);
  await the('other:*');
});

test('a search entered before the last visit is known wins over it', async () => {
  void model.search('demo:typed');
  void model.start({
    instance: 'lake',
    query: { scope: 'other', name: '', pattern: '*', conditions: '' },
    type: 'all'
  });
  await settle();
  for (const one of asked.filter(({ what }) => what === 'instances')) {
    one.answer(INSTANCES);
  }
  await the('demo:typed*');
  (await the('scopes')).answer(SCOPES);
  await settle();
  expect(asked.map(one => one.what)).not.toContain('other:*');
  expect(model.query?.scope).toBe('demo');
});

test('a search entered while the hub restarts stays when the hub is back', async () => {
  await started();
  const before = model.refresh();
  (await the('scopes', 2)).fail(DOWN);
  (await the('whoami', 2)).fail(DOWN);
  await before;
  expect(model.error?.code).toBe('hub_unavailable');

  void model.search('demo:fermi');
  (await the('demo:fermi*')).fail(DOWN);
  await settle();
  // The hub is back: everything is asked for again by itself.
  void model.connection.gate.check();
  (await the('whoami', 3)).answer({ latency_ms: 1 });
  const again = await the('demo:fermi*', 2);
  (await the('scopes', 3)).answer(SCOPES);
  again.rows('fermi.1');
  again.answer(DONE);
  await settle();
  expect(shown()).toEqual(['fermi.1']);
  expect(model.query?.pattern).toBe('fermi*');
  expect(model.error).toBeNull();
});

test('a refresh that answers after a search changes nothing', async () => {
  await started();
  void model.openScope('demo');
  const first = await the('demo:*');
  first.rows('a');
  first.answer(DONE);
  await settle();
  void model.refresh();
  const stale = await the('demo:*', 2);
  void model.search('demo:new');
  (await the('demo:new*')).rows('new.1');
  stale.rows('a', 'stale');
  stale.answer(DONE);
  await settle();
  expect(shown()).toEqual(['new.1', 'waiting']);
  expect(model.refreshingSince).toBeNull();
});

test('of two searches the later one is shown, whichever answers first', async () => {
  await started();
  void model.search('demo:one');
  void model.search('demo:two');
  const two = await the('demo:two*');
  two.rows('two.1');
  two.answer(DONE);
  await settle();
  const one = await the('demo:one*');
  one.rows('one.1');
  one.answer(DONE);
  await settle();
  expect(shown()).toEqual(['two.1']);
});

test('a list that was given up for the scopes does not come back', async () => {
  await started();
  void model.openScope('demo');
  const list = await the('demo:*');
  model.showHome();
  list.rows('late');
  list.answer(DONE);
  await settle();
  expect(shown()).toEqual(['demo', 'other']);
});

test('of two answers about the scopes the later question’s is kept', async () => {
  await started();
  void model.refresh();
  void model.refresh();
  (await the('scopes', 3)).answer({ scopes: ['new'] });
  await settle();
  (await the('scopes', 2)).answer({ scopes: ['old'] });
  await settle();
  expect(shown()).toEqual(['new']);
});

test('another lake is not filled with the scopes of the one before', async () => {
  void model.start();
  (await the('instances')).answer(INSTANCES);
  const lake = await the('scopes');
  void model.useInstance('pond');
  (await the('scopes', 2)).answer({ scopes: ['pond'] });
  lake.answer(SCOPES);
  (await the('whoami', 2)).answer({ latency_ms: 1, account: 'mine' });
  (await the('whoami')).fail(DOWN);
  await settle();
  expect(shown()).toEqual(['pond']);
  expect(model.connection.health.whoami?.account).toBe('mine');
});

test('a search during the sign-out is listed after it', async () => {
  INSTANCES.instances[0] = { name: 'lake', identity: 'iam' } as never;
  await started();
  void model.signOut();
  const signOut = await the('sign-outs');
  void model.search('demo:fermi');
  await the('demo:fermi*');
  signOut.answer({});
  (await the('scopes', 2)).answer(SCOPES);
  await the('demo:fermi*', 2);
});

test('a slow refresh tells since when, and stops where a person says so', async () => {
  await started();
  void model.openScope('demo');
  const first = await the('demo:*');
  first.rows('a');
  first.answer(DONE);
  await settle();
  void model.refresh();
  const slow = await the('demo:*', 2);
  expect(model.refreshingSince).not.toBeNull();
  model.stopRefresh();
  expect(slow.signal?.aborted).toBe(true);
  expect(model.refreshingSince).toBeNull();
  slow.rows('late');
  slow.answer(DONE);
  await settle();
  expect(shown()).toEqual(['a']);
  void model.refresh();
  const third = await the('demo:*', 3);
  third.rows('b');
  third.answer(DONE);
  await settle();
  expect(shown()).toEqual(['b']);
});
