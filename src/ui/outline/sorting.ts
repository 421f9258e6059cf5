import type { Column, IOrder } from './order';
import { BY_NAME, comparison, MOST_ASKED } from './order';
import type { States } from './states';
import type { Tree } from './tree';

/** Keeps the tree in the order of a column, and asks for what that takes. */
export class Sorting {
  constructor(tree: Tree, states: States) {
    this._tree = tree;
    this._states = states;
    states.changed.connect(this._onStates, this);
  }

  get order(): IOrder {
    return this._order;
  }

  /** Sort by a column; once more for the other way round. */
  by(column: Column): void {
    const isSame = column === this._order.by;
    this._order = {
      by: column,
      // The largest first is what one looks for.
      isReversed: isSame ? !this._order.isReversed : column === 'size'
    };
    this.need();
    this._sort();
  }

  /** Ask for what the order goes by, where that is not known. */
  need(): void {
    const { by } = this._order;
    if (by !== 'name') {
      const refs = this._tree.rows
        .map(({ row }) => row)
        .filter(row => row !== null)
        .filter(row => by === 'state' || row.bytes === null)
        .map(row => row.ref);
      this._states.need(refs.slice(0, MOST_ASKED));
    }
  }

  private _sort(): void {
    this._tree.sort(comparison(this._order, ref => this._states.get(ref)));
  }

  /** Once when all is known, so that rows do not wander about. */
  private _onStates(): void {
    if (this._order.by !== 'name' && this._states.isSettled) {
      this._sort();
    }
  }

  private readonly _tree: Tree;
  private readonly _states: States;
  private _order = BY_NAME;
}
