import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { INode, IOutlineRow, IRules, Outcome } from './node';
import { endNotes, isThing, makeNode, rowNode } from './node';
import { comparison } from './order';

type Compare<R extends IOutlineRow> = (
  one: INode<R>,
  other: INode<R>
) => number;

/**
 * The rows that are on show, as one flat array that changes in place.
 *
 * A virtual list needs an index for each row; with 10,000 rows and more, a
 * nested structure walked at each paint would be too slow.
 */
export class Tree<R extends IOutlineRow> {
  constructor(rules: IRules<R>) {
    this._rules = rules;
    this._byDefault = comparison(rules);
    this._compare = this._byDefault;
  }

  get rows(): readonly INode<R>[] {
    return this._rows;
  }

  get root(): INode<R> {
    return this._root;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Forget everything, as before the first search. */
  clear(): void {
    this._root = makeNode<R>(null, 'root');
    this._rows = [];
    this._byKey.clear();
    this._changed.emit();
  }

  /** Whether there is a list below a row. */
  isExpandable(node: INode<R>): boolean {
    return node.row !== null && this._rules.isExpandable(node.row);
  }

  find(key: string): INode<R> | undefined {
    return this._byKey.get(key);
  }

  indexOf(node: INode<R>): number {
    return this._rows.indexOf(node);
  }

  /** Put every list that is whole in another order, now and from now on. */
  sort(compare: Compare<R>): void {
    this._compare = compare;
    const lists = [this._root, ...this._byKey.values()].filter(
      node => node.loading === 'done' || node.loading === 'failed'
    );
    if (lists.filter(node => this._settle(node)).length > 0) {
      this._changed.emit();
    }
  }

  /** Say that the list below `parent` is on its way. */
  begin(parent: INode<R>): void {
    this._dropNotes(parent);
    parent.loading = 'running';
    parent.since = Date.now();
    this._insert(parent, [makeNode(parent, 'waiting')]);
    this._changed.emit();
  }

  /**
   * Add rows that arrived, after those that are there.
   *
   * They are put in order when the list is whole: nothing jumps meanwhile.
   */
  append(parent: INode<R>, rows: readonly R[]): void {
    this._insert(
      parent,
      rows.map(row => rowNode(parent, row))
    );
    this._changed.emit();
  }

  /** End the list below `parent` and leave a word when there is one to say. */
  finish(parent: INode<R>, outcome: Outcome): void {
    this._dropNotes(parent);
    parent.loading = outcome.kind;
    this._cut(parent, outcome);
    this._settle(parent);
    this._insert(parent, endNotes(parent, outcome));
    this._changed.emit();
  }

  /** Show these rows, in this order, in place of whatever was there. */
  show(rows: readonly R[]): void {
    this.clear();
    this._root.loading = 'done';
    this._root.isFixed = true;
    this._insert(
      this._root,
      rows.map(row => rowNode(this._root, row))
    );
    this._changed.emit();
  }

  /**
   * Put a fresh list in the place of an old one.
   *
   * Rows that were there stay the same node, expanded as they were, so that
   * nothing jumps when a list is asked for again.
   */
  replace(parent: INode<R>, rows: readonly R[], outcome: Outcome): void {
    const old = new Map(parent.children.map(node => [node.key, node]));
    const children = rows.map(row => {
      const node = rowNode(parent, row);
      const known = old.get(node.key);
      if (known) {
        known.row = row;
        return known;
      }
      return node;
    });
    const first = this._firstOf(children, outcome).sort(this._compare);
    const wasExpanded = parent.isExpanded;
    this.collapse(parent, false);
    for (const node of parent.children) {
      this._forget(node);
    }
    parent.children = [];
    parent.isExpanded = wasExpanded;
    parent.loading = outcome.kind;
    for (const node of first) {
      this._remember(node);
    }
    this._insert(parent, first);
    this._insert(parent, endNotes(parent, outcome));
    this._changed.emit();
  }

  expand(node: INode<R>): void {
    if (!node.isExpanded) {
      node.isExpanded = true;
      const rows = flatten(node);
      if (this._isShown(node)) {
        insertAt(this._rows, this.indexOf(node) + 1, rows);
      }
      addShown(node, rows.length);
      this._changed.emit();
    }
  }

  collapse(node: INode<R>, emit = true): void {
    if (node.isExpanded) {
      if (this._isShown(node)) {
        const at = node === this._root ? 0 : this.indexOf(node) + 1;
        this._rows.splice(at, node.shown);
      }
      addShown(node, -node.shown);
      node.isExpanded = false;
      if (emit) {
        this._changed.emit();
      }
    }
  }

  /** Drop rows that were sent before it was known which the first ones are. */
  private _cut(parent: INode<R>, outcome: Outcome): void {
    const things = parent.children.filter(isThing);
    const kept = new Set(this._firstOf(things, outcome));
    const dropped = things.filter(node => !kept.has(node));
    if (dropped.length > 0) {
      dropped.forEach(node => this._forget(node));
      const gone = new Set(dropped);
      parent.children = parent.children.filter(node => !gone.has(node));
      addShown(parent, -dropped.reduce((sum, node) => sum + 1 + node.shown, 0));
      if (parent.isExpanded && this._isShown(parent)) {
        this._rows = flatten(this._root);
      }
    }
  }

  /** Of a list that was cut, the rows that come first by rank and name. */
  private _firstOf(nodes: INode<R>[], outcome: Outcome): INode<R>[] {
    const count = outcome.kind === 'done' && outcome.truncated && outcome.count;
    return count && nodes.length > count
      ? [...nodes].sort(this._byDefault).slice(0, count)
      : nodes;
  }

  /** Put a list in order; returns whether that changed anything. */
  private _settle(parent: INode<R>): boolean {
    if (parent.isFixed) {
      return false;
    }
    const things = parent.children.filter(isThing);
    const before = [...things];
    things.sort(this._compare);
    if (things.every((node, at) => node === before[at])) {
      return false;
    }
    const notes = parent.children.filter(child => !isThing(child));
    parent.children = [...things, ...notes];
    things.forEach((node, at) => (node.position = at + 1));
    if (parent.isExpanded && this._isShown(parent)) {
      this._rows = flatten(this._root);
    }
    return true;
  }

  private _insert(parent: INode<R>, nodes: INode<R>[]): void {
    if (nodes.length === 0) {
      return;
    }
    // Before the note that ends the list, when there is one.
    const last = parent.children.at(-1);
    const note = last && !isThing(last) ? last : null;
    const offset = parent.children.length - (note ? 1 : 0);
    let position = offset;
    let added = 0;
    for (const node of nodes) {
      position += 1;
      node.position = position;
      this._byKey.set(node.key, node);
      added += 1 + node.shown;
    }
    insertAt(parent.children, offset, nodes);
    if (parent.isExpanded) {
      if (this._isShown(parent)) {
        const start = parent === this._root ? 0 : this.indexOf(parent) + 1;
        const at = start + parent.shown - (note ? 1 : 0);
        const flat = nodes.every(node => node.shown === 0)
          ? nodes
          : nodes.flatMap(node => [node, ...flatten(node)]);
        insertAt(this._rows, at, flat);
      }
      addShown(parent, added);
    }
  }

  private _dropNotes(parent: INode<R>): void {
    const last = parent.children.at(-1);
    if (!last || isThing(last)) {
      return;
    }
    parent.children.pop();
    this._byKey.delete(last.key);
    if (parent.isExpanded) {
      if (this._isShown(parent)) {
        this._rows.splice(this.indexOf(last), 1);
      }
      addShown(parent, -1);
    }
  }

  private _forget(node: INode<R>): void {
    this._byKey.delete(node.key);
    node.children.forEach(child => this._forget(child));
  }

  private _remember(node: INode<R>): void {
    this._byKey.set(node.key, node);
    node.children.forEach(child => this._remember(child));
  }

  /** Whether rows below `node` belong in the flat list when it is expanded. */
  private _isShown(node: INode<R>): boolean {
    for (let at = node.parent; at !== null; at = at.parent) {
      if (!at.isExpanded) {
        return false;
      }
    }
    return true;
  }

  private readonly _rules: IRules<R>;
  private readonly _byDefault: Compare<R>;
  private _compare: Compare<R>;
  private _root = makeNode<R>(null, 'root');
  private _rows: INode<R>[] = [];
  private readonly _byKey = new Map<string, INode<R>>();
  private readonly _changed = new Signal<this, void>(this);
}

function flatten<R extends IOutlineRow>(node: INode<R>): INode<R>[] {
  const rows: INode<R>[] = [];
  for (const child of node.children) {
    rows.push(child);
    if (child.isExpanded) {
      for (const below of flatten(child)) {
        rows.push(below);
      }
    }
  }
  return rows;
}

/** `splice(at, 0, ...rows)`, but without the limit on arguments. */
function insertAt<T>(list: T[], at: number, rows: readonly T[]): void {
  if (at === list.length) {
    for (const row of rows) {
      list.push(row);
    }
    return;
  }
  const rest = list.splice(at);
  for (const row of rows) {
    list.push(row);
  }
  for (const row of rest) {
    list.push(row);
  }
}

function addShown<R extends IOutlineRow>(node: INode<R>, count: number): void {
  for (let at: INode<R> | null = node; at !== null; at = at.parent) {
    at.shown += count;
    // Rows below a collapsed ancestor are not on show there.
    if (!at.isExpanded) {
      at.shown = 0;
      break;
    }
  }
}
