import { beforeEach, describe, expect, test } from 'vitest';
import type { IRow } from '../core/api';
import { AgentError } from '../core/errors';
import { Selection } from './selection';
import type { INode } from './node';
import { Tree } from './tree';

const DONE = { kind: 'done', truncated: false } as const;

function row(name: string, type: IRow['type'] = 'file'): IRow {
  return {
    ref: `rucio:demo:${name}`,
    scope: 'demo',
    name,
    type,
    bytes: null,
    length: null,
    adler32: null,
    md5: null
  };
}

function shown(tree: Tree): string[] {
  return tree.rows.map(
    node => `${' '.repeat(node.depth)}${node.name || node.kind}`
  );
}

function find(tree: Tree, name: string): INode {
  const node = tree.rows.find(one => one.name === name);
  if (!node) {
    throw new Error(`no row ${name}`);
  }
  return node;
}

let tree: Tree;

beforeEach(() => {
  tree = new Tree();
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
    expect(shown(tree)).toEqual(['new', 'a', ' a1', ' a2', 'c']);
    tree.replace(find(tree, 'a'), [row('a2')], DONE);
    expect(shown(tree)).toEqual(['new', 'a', ' a2', 'c']);
    tree.collapse(find(tree, 'a'));
    expect(shown(tree)).toEqual(['new', 'a', 'c']);
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

test('ten thousand rows in an open branch take no time to speak of', () => {
  const a = find(tree, 'a');
  tree.expand(a);
  tree.begin(a);
  const start = performance.now();
  for (let batch = 0; batch < 200; batch++) {
    tree.append(
      a,
      Array.from({ length: 50 }, (_, index) => row(`f${batch}.${index}`))
    );
  }
  tree.finish(a, DONE);
  expect(tree.rows).toHaveLength(10_003);
  expect(performance.now() - start).toBeLessThan(500);
});
