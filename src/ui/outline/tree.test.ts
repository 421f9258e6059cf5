import { beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../../core/errors';
import { Selection } from './selection';
import type { INode, IRules } from './node';
import type { ISortKey } from './order';
import { comparison } from './order';
import { Tree } from './tree';

const DONE = { kind: 'done', truncated: false } as const;

interface IRow {
  ref: string;
  name: string;
  type: 'container' | 'dataset' | 'file';
}

const RANKS = { container: 0, dataset: 1, file: 2 };

const rules: IRules<IRow> = {
  isExpandable: ({ type }) => type !== 'file',
  rank: ({ type }) => RANKS[type]
};

function row(name: string, type: IRow['type'] = 'file'): IRow {
  return { ref: `demo:${name}`, name, type };
}

function shown(tree: Tree<IRow>): string[] {
  return tree.rows.map(
    node => `${' '.repeat(node.depth)}${node.name || node.kind}`
  );
}

function find(tree: Tree<IRow>, name: string): INode<IRow> {
  const node = tree.rows.find(one => one.name === name);
  if (!node) {
    throw new Error(`no row ${name}`);
  }
  return node;
}

let tree: Tree<IRow>;

beforeEach(() => {
  tree = new Tree(rules);
  tree.clear();
  tree.begin(tree.root);
  tree.append(tree.root, [
    row('a', 'container'),
    row('b', 'dataset'),
    row('c')
  ]);
  tree.finish(tree.root, DONE);
});

describe('a list', () => {
  test('shows that it waits, then rows before that, then only rows', () => {
    const { root } = tree;
    tree.clear();
    tree.begin(tree.root);
    expect(shown(tree)).toEqual(['waiting']);
    tree.append(tree.root, [row('x')]);
    tree.append(tree.root, [row('y')]);
    expect(shown(tree)).toEqual(['x', 'y', 'waiting']);
    tree.finish(tree.root, DONE);
    expect(shown(tree)).toEqual(['x', 'y']);
    expect(tree.rows.map(node => node.position)).toEqual([1, 2]);
    expect(tree.root).not.toBe(root);
  });

  test('says that it was cut, or that it broke', () => {
    tree.begin(tree.root);
    tree.finish(tree.root, { kind: 'done', truncated: true });
    expect(shown(tree).at(-1)).toBe('truncated');
    const error = new AgentError({
      code: 'x',
      message: 'It broke.',
      hint: '',
      retryable: true
    });
    tree.finish(tree.root, { kind: 'failed', error });
    expect(shown(tree)).toEqual(['a', 'b', 'c', 'failed']);
    expect(tree.rows.at(-1)?.error).toBe(error);
  });
});

describe('branches', () => {
  beforeEach(() => {
    const a = find(tree, 'a');
    tree.expand(a);
    tree.begin(a);
    tree.append(a, [row('a1', 'dataset'), row('a2')]);
    tree.finish(a, DONE);
  });

  test('arrive below their parent while others wait', () => {
    const b = find(tree, 'b');
    tree.expand(b);
    tree.begin(b);
    tree.append(find(tree, 'a'), [row('a3')]);
    tree.append(b, [row('b1')]);
    expect(shown(tree)).toEqual([
      'a',
      ' a1',
      ' a2',
      ' a3',
      'b',
      ' b1',
      ' waiting',
      'c'
    ]);
  });

  test('fold with all that is below, and open as they were', () => {
    const a1 = find(tree, 'a1');
    tree.expand(a1);
    tree.append(a1, [row('deep')]);
    const before = shown(tree);
    expect(before).toContain('  deep');
    tree.collapse(find(tree, 'a'));
    expect(shown(tree)).toEqual(['a', 'b', 'c']);
    tree.append(a1, [row('later')]);
    expect(shown(tree)).toEqual(['a', 'b', 'c']);
    tree.expand(find(tree, 'a'));
    expect(shown(tree)).toEqual([
      'a',
      ' a1',
      '  deep',
      '  later',
      ' a2',
      'b',
      'c'
    ]);
    tree.collapse(a1);
    tree.collapse(find(tree, 'a'));
    expect(shown(tree)).toEqual(['a', 'b', 'c']);
  });

  test('say when there is nothing in them', () => {
    const b = find(tree, 'b');
    tree.expand(b);
    tree.begin(b);
    tree.finish(b, DONE);
    expect(shown(tree).slice(3)).toEqual(['b', ' empty', 'c']);
  });

  test('stay open when the list above is asked for again', () => {
    const fresh = [row('new'), row('a', 'container'), row('c')];
    tree.replace(tree.root, fresh, DONE);
    expect(shown(tree)).toEqual(['a', ' a1', ' a2', 'c', 'new']);
    tree.replace(find(tree, 'a'), [row('a2')], DONE);
    expect(shown(tree)).toEqual(['a', ' a2', 'c', 'new']);
    tree.collapse(find(tree, 'a'));
    expect(shown(tree)).toEqual(['a', 'c', 'new']);
  });

  test('keep the selection over a refresh, and forget what went', () => {
    const selection = new Selection(tree);
    selection.select(find(tree, 'a1'));
    selection.toggle(find(tree, 'c'));
    tree.replace(tree.root, [row('new'), row('a', 'container')], DONE);
    expect(selection.nodes.map(node => node.name)).toEqual(['a1']);
  });
});

describe('the selection', () => {
  test('extends from the anchor, and back', () => {
    const selection = new Selection(tree);
    selection.select(find(tree, 'b'));
    selection.extendTo(find(tree, 'c'));
    expect(selection.nodes.map(node => node.name)).toEqual(['b', 'c']);
    selection.extendTo(find(tree, 'a'));
    expect(selection.nodes.map(node => node.name)).toEqual(['a', 'b']);
    expect(selection.active?.name).toBe('a');
  });

  test('leaves out rows that only say something', () => {
    const selection = new Selection(tree);
    tree.begin(tree.root);
    selection.selectAll();
    expect(selection.nodes).toHaveLength(3);
    selection.select(tree.rows[3]);
    expect(selection.nodes).toHaveLength(0);
    expect(selection.active?.kind).toBe('waiting');
  });
});

describe('the order', () => {
  const names = () => tree.root.children.map(node => node.name || node.kind);
  const list = (...rows: IRow[]) => {
    tree.clear();
    tree.begin(tree.root);
    tree.append(tree.root, rows);
  };

  test('is that of arrival while rows arrive, then by type and natural name', () => {
    list(row('run10'), row('Run2'), row('z', 'container'));
    tree.append(tree.root, [row('run2'), row('b', 'dataset'), row('a b')]);
    expect(names().slice(0, 3)).toEqual(['run10', 'Run2', 'z']);
    const selection = new Selection(tree);
    selection.select(find(tree, 'run10'));
    tree.finish(tree.root, DONE);
    expect(names()).toEqual(['z', 'b', 'a b', 'run2', 'Run2', 'run10']);
    expect(tree.root.children.map(node => node.position)).toEqual([
      1, 2, 3, 4, 5, 6
    ]);
    expect(shown(tree)).toEqual(names());
    expect(selection.active?.name).toBe('run10');
    expect(tree.indexOf(find(tree, 'run10'))).toBe(5);
  });

  test('is that of the agent, which keeps the first rows of a long list', () => {
    // The same lists as in tests/unit/core/test_order.py.
    for (const expected of [
      ['file2', 'file10'],
      ['file1', 'file01a', 'file1b', 'file2'],
      ['a', 'A', 'á', 'b', 'B'],
      ['a b', 'a_b', 'a-b', 'a.b', 'a/b', 'a1', 'aa'],
      ['run', 'run 1', 'run9.csv', 'run10.csv', 'running'],
      ['1', '9', '12345678901234567890', `1${'0'.repeat(50)}`, 'x']
    ]) {
      list(...[...expected].reverse().map(name => row(name)));
      tree.finish(tree.root, DONE);
      expect(names()).toEqual(expected);
    }
  });

  test('by a value keeps the types apart, and the unknown last', () => {
    const sizes: Record<string, number> = { set: 5, big: 9, small: 1 };
    const bySize: ISortKey<IRow> = {
      id: 'size',
      value: ({ name }) => sizes[name] ?? null
    };
    list(row('big'), row('lost'), row('small'), row('set', 'dataset'));
    tree.finish(tree.root, DONE);
    tree.sort(comparison(rules, false, bySize));
    expect(names()).toEqual(['set', 'small', 'big', 'lost']);
    tree.sort(comparison(rules, true, bySize));
    expect(names()).toEqual(['set', 'big', 'small', 'lost']);
    tree.sort(comparison(rules, true));
    expect(names()).toEqual(['set', 'small', 'lost', 'big']);
    tree.replace(tree.root, [row('a'), row('b')], DONE);
    expect(names()).toEqual(['b', 'a']);
  });

  test('of rows that were given in an order is kept', () => {
    tree.show([row('b'), row('a'), row('c', 'container')]);
    tree.sort(comparison(rules, true));
    expect(shown(tree)).toEqual(['b', 'a', 'c']);
  });

  test('of what is below goes with its row, folded or not', () => {
    list(row('x', 'container'), row('y', 'container'));
    tree.finish(tree.root, DONE);
    const x = find(tree, 'x');
    tree.expand(x);
    tree.append(x, [row('x2'), row('x1')]);
    tree.finish(x, DONE);
    expect(shown(tree)).toEqual(['x', ' x1', ' x2', 'y']);
    tree.sort(comparison(rules, true));
    expect(shown(tree)).toEqual(['y', 'x', ' x2', ' x1']);
    tree.collapse(x);
    tree.sort(comparison(rules));
    expect(shown(tree)).toEqual(['x', 'y']);
    tree.expand(x);
    expect(shown(tree)).toEqual(['x', ' x1', ' x2', 'y']);
  });

  test('of a list that was cut keeps the first rows only, whatever was sent', () => {
    const cut = { kind: 'done', truncated: true, count: 3 } as const;
    list(row('x3'), row('x2'), row('x1'), row('a'), row('set', 'dataset'));
    tree.sort(comparison(rules, true));
    tree.finish(tree.root, cut);
    expect(names()).toEqual(['set', 'x1', 'a', 'truncated']);
    expect(shown(tree)).toEqual(names());
    expect(tree.root.shown).toBe(4);
    expect(tree.find(tree.rows[0].key)).toBe(tree.rows[0]);
    tree.replace(tree.root, [row('c'), row('b'), row('a'), row('d')], cut);
    expect(names()).toEqual(['c', 'b', 'a', 'truncated']);
    expect(shown(tree)).toEqual(names());
  });

  test('leaves the word at the end where it is, and what it counts', () => {
    list(row('b'), row('a'));
    tree.finish(tree.root, { kind: 'done', truncated: true, skipped: 3 });
    expect(names()).toEqual(['a', 'b', 'truncated']);
    expect(tree.rows.at(-1)?.skipped).toBe(3);
    const note = 'Rucio did not do all.';
    tree.finish(tree.root, { kind: 'done', truncated: false, note });
    expect(names()).toEqual(['a', 'b', 'skipped']);
    expect(tree.rows.at(-1)?.said).toBe(note);
    tree.finish(tree.root, { kind: 'done', truncated: false, skipped: 1 });
    expect(names()).toEqual(['a', 'b', 'skipped']);
  });
});

test('ten thousand rows in an open branch are one flat list', () => {
  const a = find(tree, 'a');
  tree.expand(a);
  tree.begin(a);
  for (let batch = 0; batch < 200; batch++) {
    tree.append(
      a,
      Array.from({ length: 50 }, (_, index) => row(`f${batch}.${index}`))
    );
  }
  tree.finish(a, DONE);
  expect(tree.rows).toHaveLength(10_003);
});
