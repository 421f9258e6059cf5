import type { TranslationBundle } from '@jupyterlab/translation';
import {
  BasicKeyHandler,
  BasicMouseHandler,
  BasicSelectionModel,
  DataGrid,
  TextRenderer
} from '@lumino/datagrid';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { GridModel } from './gridmodel';
import type { IGridColumn } from './gridmodel';

export interface IGridOptions<T> {
  columns: readonly IGridColumn<T>[];
  /** What a screen reader calls it. */
  label: string;
  trans: TranslationBundle;
  /** Enter or a double click on a row. */
  onOpen?: (row: T) => void;
}

/** As high as rows elsewhere. */
const ROW_PX = 24;
const COLUMN_PX = 140;

/**
 * A table of any number of rows, on Lab's own grid.
 *
 * A click on a heading sorts; so do Alt+Up and Alt+Down, by the column of the
 * cursor. The grid is a picture: what the cursor is on is said in words.
 */
export class Grid<T> extends Panel {
  constructor(options: IGridOptions<T>) {
    super();
    this._options = options;
    this.addClass('escape-Grid');
    this.model = new GridModel(options.columns);
    this._grid = new DataGrid({
      defaultSizes: {
        rowHeight: ROW_PX,
        columnWidth: COLUMN_PX,
        rowHeaderWidth: 0,
        columnHeaderHeight: ROW_PX
      },
      headerVisibility: 'column',
      stretchLastColumn: true
    });
    const dataModel = this.model;
    this._selection = new BasicSelectionModel({
      dataModel,
      selectionMode: 'row'
    });
    this._grid.dataModel = dataModel;
    this._grid.selectionModel = this._selection;
    this._grid.keyHandler = new BasicKeyHandler();
    this._grid.mouseHandler = new BasicMouseHandler();
    options.columns.forEach(({ width }, index) => {
      if (width !== undefined) {
        this._grid.resizeColumn('body', index, width);
      }
    });
    const { node } = this._grid;
    node.setAttribute('role', 'application');
    node.setAttribute('aria-label', options.label);
    this.addWidget(this._grid);
    this._said = new Widget();
    this._said.addClass('escape-Unseen');
    this._said.node.setAttribute('role', 'status');
    this.addWidget(this._said);
    this._selection.changed.connect(this._say, this);
    this._observer = new MutationObserver(() => this._dress());
  }

  readonly model: GridModel<T>;

  /** The row that the cursor is on. */
  get current(): T | undefined {
    return this.model.row(this._selection.cursorRow);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._observer.disconnect();
      super.dispose();
    }
  }

  handleEvent(event: Event): void {
    if (event.type === 'click') {
      this._onClick(event as MouseEvent);
    } else if (event.type === 'keydown') {
      this._onKeyDown(event as KeyboardEvent);
    } else {
      this._open();
    }
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._dress();
    this._observer.observe(document.body, {
      attributeFilter: ['data-jp-theme-name']
    });
    const { node } = this._grid;
    node.addEventListener('click', this, true);
    node.addEventListener('dblclick', this, true);
    node.addEventListener('keydown', this, true);
  }

  protected onBeforeDetach(message: Message): void {
    this._observer.disconnect();
    const { node } = this._grid;
    node.removeEventListener('click', this, true);
    node.removeEventListener('dblclick', this, true);
    node.removeEventListener('keydown', this, true);
    super.onBeforeDetach(message);
  }

  protected onActivateRequest(_: Message): void {
    this._grid.node.querySelector<HTMLElement>('[tabindex]')?.focus();
    if (!this.node.contains(document.activeElement)) {
      this._grid.node.focus();
    }
  }

  private _onClick({ clientX, clientY }: MouseEvent): void {
    const { region, column } = this._grid.hitTest(clientX, clientY);
    if (region === 'column-header') {
      const { order } = this.model;
      const isSame = order.column === column;
      this.model.sort({ column, isReversed: isSame && !order.isReversed });
    }
  }

  private _onKeyDown(event: KeyboardEvent): void {
    const column = this._selection.cursorColumn;
    const isSort = event.altKey && /^Arrow(Up|Down)$/.test(event.key);
    if (isSort && column >= 0) {
      const isReversed = event.key === 'ArrowDown';
      this.model.sort({ column, isReversed });
      this._say();
    } else if (event.key === 'Enter' && this.current !== undefined) {
      this._open();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _open(): void {
    const { current } = this;
    if (current !== undefined) {
      this._options.onOpen?.(current);
    }
  }

  /** Say what the cursor is on. */
  private _say(): void {
    const { trans } = this._options;
    const { cursorRow: row, cursorColumn: column } = this._selection;
    if (this.model.row(row) !== undefined && column >= 0) {
      this._said.node.textContent = trans.__(
        'Row %1 of %2, %3: %4',
        row + 1,
        this.model.rowCount('body'),
        this.model.columns[column].name,
        this.model.text(row, column)
      );
    }
  }

  /** The grid is painted, so colours of the theme are told, not inherited. */
  private _dress(): void {
    const style = getComputedStyle(this.node);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const line = colour('--jp-border-color2');
    this._grid.style = {
      voidColor: colour('--jp-layout-color1'),
      backgroundColor: colour('--jp-layout-color1'),
      gridLineColor: line,
      headerBackgroundColor: colour('--jp-layout-color2'),
      headerGridLineColor: line,
      selectionFillColor: paintOf(this.node, '--jp-brand-color1', 0.2),
      selectionBorderColor: colour('--jp-brand-color1'),
      cursorFillColor: 'transparent',
      cursorBorderColor: colour('--jp-brand-color1')
    };
    const font = `${colour('--jp-ui-font-size1')} ${colour('--jp-ui-font-family')}`;
    const textColor = colour('--jp-ui-font-color1');
    const isNumber = ({ row, column }: { row: number; column: number }) => {
      const found = this.model.row(row);
      const { value } = this.model.columns[column];
      return found !== undefined && typeof value(found) === 'number';
    };
    this._grid.cellRenderers.update({
      body: new TextRenderer({
        font,
        textColor,
        horizontalAlignment: cell => (isNumber(cell) ? 'right' : 'left')
      }),
      'column-header': new TextRenderer({ font, textColor })
    });
  }

  private readonly _options: IGridOptions<T>;
  private readonly _grid: DataGrid;
  private readonly _selection: BasicSelectionModel;
  private readonly _said: Widget;
  private readonly _observer: MutationObserver;
}

/** A colour of the theme, in a form that a canvas understands. */
function paintOf(node: HTMLElement, name: string, alpha: number): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  node.appendChild(probe);
  const parts = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  return `rgba(${parts.slice(0, 3).join(', ')}, ${alpha})`;
}
