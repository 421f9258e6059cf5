import type { ISignal } from '@lumino/signaling';
import type { IOutlineRow, IRules } from './node';
import type { IOrder, ISortKey } from './order';
import { BY_NAME, comparison, MOST_ASKED } from './order';
import type { Tree } from './tree';

/** Where the values that a list is sorted by come from. */
export interface IValues {
  /** Whether everything that was asked for is answered. */
  readonly isSettled: boolean;
  readonly changed: ISignal<unknown, void>;
  /** Say which rows must be known once, on show or not. */
  need(refs: readonly string[]): void;
}

/** Keeps the tree in the order of a column, and asks for what that takes. */
export class Sorting<R extends IOutlineRow> {
  constructor(tree: Tree<R>, rules: IRules<R>) {
    this._tree = tree;
    this._rules = rules;
  }

  setKeys(keys: readonly ISortKey<R>[], values?: IValues): void {
    this._keys = keys;
    this._values = values;
    values?.changed.connect(this._onValues, this);
  }

  get order(): IOrder {
    return this._order;
  }

  /** Sort by a column; once more for the other way round. */
  by(id: string): void {
    const isSame = id === this._order.by;
    const key = this._keys.find(one => one.id === id);
    this._order = {
      by: id,
      isReversed: isSame
        ? !this._order.isReversed
        : (key?.isLargestFirst ?? false)
    };
    this.need();
    this._sort();
  }

  /** Ask for what the order goes by, where that is not known. */
  need(): void {
    const { isAsked } = this._key ?? {};
    if (isAsked && this._values) {
      const refs = this._tree.rows
        .map(({ row }) => row)
        .filter(row => row !== null)
        .filter(row => isAsked(row))
        .map(row => row.ref);
      this._values.need(refs.slice(0, MOST_ASKED));
    }
  }

  private get _key(): ISortKey<R> | undefined {
    return this._keys.find(({ id }) => id === this._order.by);
  }

  private _sort(): void {
    const { isReversed } = this._order;
    this._tree.sort(comparison(this._rules, isReversed, this._key));
  }

  /** Once when all is known, so that rows do not wander about. */
  private _onValues(): void {
    if (this._key?.isAsked && this._values?.isSettled) {
      this._sort();
    }
  }

  private readonly _tree: Tree<R>;
  private readonly _rules: IRules<R>;
  private _keys: readonly ISortKey<R>[] = [];
  private _values: IValues | undefined;
  private _order = BY_NAME;
}
