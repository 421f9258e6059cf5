import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { INode, IOutlineRow } from './node';
import { isThing } from './node';
import type { Tree } from './tree';

/**
 * Which rows are selected, and which one the keyboard is on.
 *
 * Rows are remembered by key, so that a refresh keeps them.
 */
export class Selection<R extends IOutlineRow> {
  constructor(tree: Tree<R>) {
    this._tree = tree;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The row that the keyboard is on. */
  get active(): INode<R> | null {
    return this._active === null
      ? null
      : (this._tree.find(this._active) ?? null);
  }

  /** The selected rows in the order they were selected. */
  get nodes(): INode<R>[] {
    const nodes: INode<R>[] = [];
    for (const key of this._keys) {
      const node = this._tree.find(key);
      if (node) {
        nodes.push(node);
      }
    }
    return nodes;
  }

  /** The selected rows, each once, however often it is listed. */
  get rows(): R[] {
    const rows = new Map<string, R>();
    for (const { row } of this.nodes) {
      if (row) {
        rows.set(row.ref, row);
      }
    }
    return [...rows.values()];
  }

  has(node: INode<R>): boolean {
    return this._keys.has(node.key);
  }

  clear(): void {
    this._keys.clear();
    this._active = null;
    this._anchor = null;
    this._changed.emit();
  }

  /** Move the keyboard without selecting. */
  moveTo(node: INode<R>): void {
    this._active = node.key;
    this._changed.emit();
  }

  select(node: INode<R>): void {
    this._keys = new Set(isThing(node) ? [node.key] : []);
    this._active = node.key;
    this._anchor = node.key;
    this._changed.emit();
  }

  toggle(node: INode<R>): void {
    this._active = node.key;
    if (isThing(node)) {
      if (!this._keys.delete(node.key)) {
        this._keys.add(node.key);
      }
      this._anchor = node.key;
    }
    this._changed.emit();
  }

  /** Select everything between the anchor and this row. */
  extendTo(node: INode<R>): void {
    const anchor = this._anchor && this._tree.find(this._anchor);
    const from = anchor ? this._tree.indexOf(anchor) : -1;
    const to = this._tree.indexOf(node);
    if (from < 0 || to < 0) {
      this.select(node);
      return;
    }
    const range = this._tree.rows.slice(
      Math.min(from, to),
      Math.max(from, to) + 1
    );
    this._keys = new Set(range.filter(isThing).map(row => row.key));
    this._active = node.key;
    this._changed.emit();
  }

  selectAll(): void {
    this._keys = new Set(this._tree.rows.filter(isThing).map(row => row.key));
    this._changed.emit();
  }

  private readonly _tree: Tree<R>;
  private readonly _changed = new Signal<this, void>(this);
  private _keys = new Set<string>();
  private _active: string | null = null;
  private _anchor: string | null = null;
}
