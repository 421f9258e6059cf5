import { DataModel } from '@lumino/datagrid';

/** A column of a grid. */
export interface IGridColumn<T> {
  /** Its heading. */
  name: string;
  /** What stands in it; null for nothing. */
  value: (row: T) => string | number | null;
  /** How it is written; as it is, without. */
  text?: (row: T) => string;
  /** In pixels. */
  width?: number;
}

export interface IGridOrder {
  /** Index of the column, -1 for the order in which rows came. */
  column: number;
  isReversed: boolean;
}

export const AS_THEY_CAME: IGridOrder = { column: -1, isReversed: false };

const NAMES = new Intl.Collator('en', { numeric: true });

/** Rows of anything as a table, which grows, and which can be sorted. */
export class GridModel<T> extends DataModel {
  constructor(columns: readonly IGridColumn<T>[]) {
    super();
    this.columns = columns;
  }

  readonly columns: readonly IGridColumn<T>[];

  get order(): IGridOrder {
    return this._order;
  }

  /** The row that is shown at a place. */
  row(index: number): T | undefined {
    return this._rows[this._shown[index]];
  }

  rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? this._rows.length : 1;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'body' ? this.columns.length : 0;
  }

  data(region: DataModel.CellRegion, row: number, column: number): string {
    if (region === 'column-header') {
      const { name } = this.columns[column];
      const { column: by, isReversed } = this._order;
      return by === column ? `${name} ${isReversed ? '▾' : '▴'}` : name;
    }
    return this.text(row, column);
  }

  /** What is written in a cell. */
  text(row: number, column: number): string {
    const found = this.row(row);
    const { text, value } = this.columns[column];
    return found === undefined
      ? ''
      : (text?.(found) ?? `${value(found) ?? ''}`);
  }

  /** Add rows at the end; they are put in order when the list is whole. */
  append(rows: readonly T[]): void {
    const index = this._rows.length;
    for (const row of rows) {
      this._shown.push(this._rows.length);
      this._rows.push(row);
    }
    const span = rows.length;
    this.emitChanged({ type: 'rows-inserted', region: 'body', index, span });
  }

  /** The list is whole: put it in its order. */
  settle(): void {
    this.sort(this._order);
  }

  clear(): void {
    this._rows = [];
    this._shown = [];
    this.emitChanged({ type: 'model-reset' });
  }

  /** Sort by a column; what is not known stands last, either way. */
  sort(order: IGridOrder): void {
    this._order = order;
    const { column, isReversed } = order;
    const sign = isReversed ? -1 : 1;
    this._shown = this._rows.map((_, index) => index);
    if (column >= 0) {
      const { value } = this.columns[column];
      const values = this._rows.map(value);
      this._shown.sort(
        (one, other) => compare(values[one], values[other], sign) || one - other
      );
    }
    this.emitChanged({
      type: 'cells-changed',
      region: 'body',
      row: 0,
      column: 0,
      rowSpan: this._rows.length,
      columnSpan: this.columns.length
    });
    this.emitChanged({
      type: 'cells-changed',
      region: 'column-header',
      row: 0,
      column: 0,
      rowSpan: 1,
      columnSpan: this.columns.length
    });
  }

  private _rows: T[] = [];
  /** Which row stands at each place. */
  private _shown: number[] = [];
  private _order = AS_THEY_CAME;
}

function compare(
  one: string | number | null,
  other: string | number | null,
  sign: number
): number {
  if (one === null || other === null) {
    return Number(one === null) - Number(other === null);
  }
  return typeof one === 'number' && typeof other === 'number'
    ? sign * (one - other)
    : sign * NAMES.compare(String(one), String(other));
}
