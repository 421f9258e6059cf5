import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Listing } from './listing';
import type { IListingOptions } from './listing';
import type { INode, IOutlineRow, IRules } from './node';
import type { IOrder, ISortKey } from './order';
import { Selection } from './selection';
import { Sorting } from './sorting';
import type { IValues } from './sorting';
import { Tree } from './tree';

export interface IOutlineOptions<
  R extends IOutlineRow
> extends IListingOptions<R> {
  rules: IRules<R>;
}

/** A tree that is filled as it is unfolded, with its selection and its order. */
export class Outline<R extends IOutlineRow> {
  constructor(options: IOutlineOptions<R>) {
    this.tree = new Tree(options.rules);
    this.selection = new Selection(this.tree);
    this._sorting = new Sorting(this.tree, options.rules);
    this._listing = new Listing({
      ...options,
      tree: this.tree,
      onWhole: () => this._sorting.need()
    });
  }

  readonly tree: Tree<R>;
  readonly selection: Selection<R>;

  /** The order has become another. */
  get sorted(): ISignal<this, void> {
    return this._sorted;
  }

  /** By which column lists are sorted. */
  get order(): IOrder {
    return this._sorting.order;
  }

  /**
   * Say what lists can be sorted by beside the name.
   *
   * @param values Where the values come from, if they must be asked for.
   */
  setKeys(keys: readonly ISortKey<R>[], values?: IValues): void {
    this._sorting.setKeys(keys, values);
  }

  /** How many rows a list shows at first. */
  get limit(): number {
    return this._listing.limit;
  }

  set limit(limit: number) {
    this._listing.limit = limit;
  }

  /** Forget all rows, and what was asked for. */
  clear(): void {
    this._listing.stop();
    this.tree.clear();
    this.selection.clear();
  }

  /** Show rows that are known already, in this order. */
  show(rows: readonly R[]): void {
    this._listing.stop();
    this.selection.clear();
    this.tree.show(rows);
  }

  /** Ask for the outermost list, and show it as it arrives. */
  async list(): Promise<void> {
    this.selection.clear();
    await this._listing.begin();
  }

  /** Stop everything that is on its way. */
  stop(): void {
    this._listing.stop();
  }

  /** Ask again for what is shown; it stays until the answer is whole. */
  async refresh(): Promise<void> {
    await this._listing.refresh(this.tree.root);
  }

  stopRefresh(): void {
    this._listing.stopRefresh();
  }

  toggle(node: INode<R>): void {
    if (node.isExpanded) {
      this.collapse(node);
    } else {
      this.expand(node);
    }
  }

  expand(node: INode<R>): void {
    if (this.tree.isExpandable(node) && !node.isExpanded) {
      this.tree.expand(node);
      if (node.loading === 'no') {
        void this._listing.load(node);
      }
    }
  }

  collapse(node: INode<R>): void {
    this.tree.collapse(node);
  }

  /** Wait no longer for the list below a node. */
  cancel(node: INode<R>): void {
    this._listing.cancel(node);
  }

  /** Ask for a list that failed once more. */
  async again(node: INode<R>): Promise<void> {
    await this._listing.again(node);
  }

  /** Show more rows of a list that was cut. */
  async more(node: INode<R>): Promise<void> {
    await this._listing.more(node);
  }

  /** Sort by a column; once more for the other way round. */
  sortBy(id: string): void {
    this._sorting.by(id);
    this._sorted.emit();
  }

  private readonly _listing: Listing<R>;
  private readonly _sorting: Sorting<R>;
  private readonly _sorted = new Signal<this, void>(this);
}
