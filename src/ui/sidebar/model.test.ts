/** A panel of a service that has nothing of Rucio's. */
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IJob } from '../../core/api';
import type { IAgent, IJobs } from '../../core/tokens';
import type { IQuestion } from '../outline/listing';
import type { Intent, IPanelModelOptions } from './base';
import { PanelModel } from './model';

interface ITable {
  ref: string;
  name: string;
  rows: number;
  parts: number;
}

interface IQuery {
  text: string;
}

/** Its rows can be unfolded, and it begins with a list of everything. */
class Tables extends PanelModel<ITable, IQuery> {
  constructor(options: IPanelModelOptions) {
    super({
      ...options,
      service: 'tables',
      rules: { isExpandable: row => row.parts > 0 }
    });
    this.outline.setKeys([{ id: 'rows', value: row => row.rows }]);
  }

  readonly details = this.addDetails<{ about: { text: string } }>({
    about: (ref, signal) =>
      this.agent.request('GET', 'tables/about', { query: { ref }, signal })
  });

  protected question(row: ITable | null): IQuestion {
    return row
      ? { path: 'tables/parts', query: { ref: row.ref } }
      : { path: 'tables/search', query: { text: this.query?.text } };
  }

  protected understand(text: string): Intent<IQuery> {
    return { kind: 'search', query: { text } };
  }

  protected textOf({ text }: IQuery): string {
    return text;
  }

  protected initial(): IQuery {
    return { text: '' };
  }
}

const jobs = {
  changed: new Signal<IJobs, void>({} as IJobs),
  ended: new Signal<IJobs, IJob>({} as IJobs),
  active: [],
  refresh: () => Promise.resolve()
} as unknown as IJobs;
const trans = { __: (text: string) => text } as never;

let asked: string[];
let model: Tables;

const ANSWERS: Record<string, unknown> = {
  'tables/instances': { instances: [{ name: 'near' }, { name: 'far' }] },
  'tables/whoami': { account: 'me', latency_ms: 1 },
  'tables/about': { text: 'a table' }
};

const agent = {
  request: (_: string, path: string) => {
    asked.push(path);
    return Promise.resolve(ANSWERS[path]);
  },
  stream: (
    path: string,
    options: {
      query: Record<string, unknown>;
      onRows: (rows: ITable[]) => void;
    }
  ) => {
    const { instance, text, ref } = options.query;
    asked.push(`${path} ${instance} ${text ?? ref}`);
    const row = (name: string, rows: number, parts = 0): ITable => ({
      ref: `t:${name}`,
      name,
      rows,
      parts
    });
    options.onRows(
      ref ? [row('part', 1)] : [row('b', 1, 2), row('a', 2), row('c', 0)]
    );
    return Promise.resolve({ count: 3, truncated: false });
  }
} as unknown as IAgent;

const shown = () => model.outline.tree.rows.map(node => node.name);

beforeEach(async () => {
  asked = [];
  model = new Tables({ agent, jobs, trans, window: new EventTarget() });
  await model.start();
  await expect.poll(shown).toEqual(['a', 'b', 'c']);
});

afterEach(() => model.dispose());

test('begins with its first list, and says who we are', async () => {
  expect(model.isHome).toBe(false);
  expect(asked).toContain('tables/search near ');
  await expect.poll(() => model.connection.health.whoami?.account).toBe('me');
});

test('lists what a text means, and sorts by its own columns', async () => {
  await model.search('b');
  expect(asked.at(-1)).toBe('tables/search near b');
  expect(model.text).toBe('b');
  model.outline.sortBy('rows');
  expect(shown()).toEqual(['c', 'b', 'a']);
  model.outline.sortBy('rows');
  expect(shown()).toEqual(['a', 'b', 'c']);
});

test('unfolds rows that have rows below them, and no others', async () => {
  const [a, b] = model.outline.tree.rows;
  model.outline.toggle(a);
  model.outline.toggle(b);
  await expect.poll(shown).toEqual(['a', 'b', 'part', 'c']);
  expect(asked).not.toContain('tables/parts near t:a');
});

test('tells of the row that is selected alone', async () => {
  const [a, b] = model.outline.tree.rows;
  model.outline.selection.select(a);
  await expect.poll(() => model.details.get('about')?.text).toBe('a table');
  model.outline.selection.toggle(b);
  expect(model.details.ref).toBeNull();
});

test('asks another instance, and forgets the first', async () => {
  await model.search('b');
  await model.useInstance('far');
  await expect.poll(() => asked.at(-1)).toBe('tables/search far ');
  expect(model.place).toEqual({
    instance: 'far',
    query: { text: '' },
    type: 'all'
  });
});

test('comes back to where it was', async () => {
  model.dispose();
  model = new Tables({ agent, jobs, trans, window: new EventTarget() });
  await model.start({ instance: 'far', query: { text: 'x' }, type: 'all' });
  await expect.poll(() => asked.at(-1)).toBe('tables/search far x');
});
