import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { MimeData } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Drag } from '@lumino/dragdrop';
import type { IRow } from './api';
import { oneLine } from '../ui/elide';
import { instanceToName } from './actions';
import { cellsOf } from './insert';
import type { ICells } from './python';
import { codeFor } from './python';
import type { IDatalake } from './tokens';

/** What a notebook takes as cells. */
const CELLS = 'application/vnd.jupyter.cells';

/** What only we understand. */
const ROWS = 'application/x-escape-vre-rows';

/** A mouse that moves less is still a click. */
const THRESHOLD_PX = 5;

/** A tab that a drag rests on for so long comes to the front. */
const REST_MS = 400;

export interface IDragOptions {
  model: IDatalake;
  notebooks: INotebookTracker | null;
  /** Bring the panel behind this tab of a side bar to the front. */
  showPanel: (id: string) => void;
}

/** Drag the selected rows when the mouse moves before it is let go. */
export function dragRows(event: MouseEvent, options: IDragOptions): void {
  const { clientX, clientY } = event;
  const stop = () => {
    document.removeEventListener('mousemove', onMove, true);
    document.removeEventListener('mouseup', stop, true);
  };
  const onMove = (move: MouseEvent) => {
    const distance = Math.hypot(move.clientX - clientX, move.clientY - clientY);
    if (distance < THRESHOLD_PX) {
      return;
    }
    stop();
    const rows = options.model.selectedRows();
    if (rows.length > 0) {
      start(move, rows, options);
    }
  };
  document.addEventListener('mousemove', onMove, true);
  document.addEventListener('mouseup', stop, true);
}

function start(
  event: MouseEvent,
  rows: IRow[],
  { model, notebooks, showPanel }: IDragOptions
): void {
  const mimeData = new MimeData();
  mimeData.setData(ROWS, rows);
  const write = (cells: ICells) => {
    const source = codeFor(rows, cells, instanceToName(model));
    mimeData.setData('text/plain', source);
    mimeData.setData(CELLS, [
      {
        cell_type: 'code',
        source,
        metadata: {},
        outputs: [],
        execution_count: null
      }
    ]);
  };
  write({ above: [], all: [] });
  // Which notebook, and between which of its cells, is known when it is let go.
  const onDrop = (drop: Event) => write(cellsAt(drop.target, notebooks));
  window.addEventListener('lm-drop', onDrop, true);
  const drag = new Drag({
    mimeData,
    dragImage: imageOf(rows),
    supportedActions: 'copy',
    proposedAction: 'copy',
    source: model
  });
  const watching = openTabs(showPanel);
  void drag.start(event.clientX, event.clientY).then(() => {
    window.removeEventListener('lm-drop', onDrop, true);
    watching.dispose();
    drag.dispose();
  });
}

/** The cells of the notebook below this element; a new one goes before its own. */
function cellsAt(
  target: EventTarget | null,
  notebooks: INotebookTracker | null
): ICells {
  const element = target instanceof Element ? target : null;
  const panel = notebooks?.find(one => one.content.node.contains(element));
  const cell = element?.closest('.jp-Cell');
  const at = panel?.content.widgets.findIndex(one => one.node === cell) ?? -1;
  return cellsOf(panel ?? null, at < 0 ? Infinity : at);
}

/**
 * Open the tab that the mouse rests on.
 *
 * The file browser mostly stands behind our own panel in the same side bar; it
 * could not be dropped on otherwise.
 */
export function openTabs(showPanel: (id: string) => void): IDisposable {
  let over: Element | null = null;
  let resting = 0;
  const onMove = ({ clientX, clientY }: MouseEvent) => {
    // Lumino's own backdrop is the first of them.
    const tab = document
      .elementsFromPoint(clientX, clientY)
      .find(element => element.matches('.jp-SideBar .lm-TabBar-tab[data-id]'));
    if (tab === over) {
      return;
    }
    over = tab ?? null;
    window.clearTimeout(resting);
    const id = over?.getAttribute('data-id');
    if (id) {
      resting = window.setTimeout(() => showPanel(id), REST_MS);
    }
  };
  // Lumino keeps the events of a drag from everybody but those before it.
  // A browser tells of a drag from the desktop in its own way.
  const types = ['pointermove', 'dragover'] as const;
  types.forEach(type => window.addEventListener(type, onMove, true));
  return new DisposableDelegate(() => {
    window.clearTimeout(resting);
    types.forEach(type => window.removeEventListener(type, onMove, true));
  });
}

function imageOf(rows: readonly IRow[]): HTMLElement {
  const image = document.createElement('div');
  image.className = 'escape-DragImage';
  image.textContent =
    rows.length === 1 ? oneLine(rows[0].name) : `${rows.length}`;
  return image;
}

/** Let rows be dropped on the file browser: they are fetched to that folder. */
export function acceptRows(
  browser: FileBrowser,
  get: (rows: IRow[], to: string) => void
): IDisposable {
  return acceptDrop(browser.node, (rows, drag) => {
    const item = browser.modelForClick(drag);
    const folder = item?.type === 'directory' ? item.path : null;
    get(rows, folder ?? browser.model.path);
  });
}

/** Let rows be dropped on an element. */
export function acceptDrop(
  node: HTMLElement,
  take: (rows: IRow[], drop: Drag.Event) => void
): IDisposable {
  const onDrag = (event: Event) => {
    const drag = event as Drag.Event;
    if (!drag.mimeData.hasData(ROWS)) {
      return;
    }
    drag.preventDefault();
    drag.stopPropagation();
    node.classList.toggle('escape-mod-drop', drag.type === 'lm-dragover');
    drag.dropAction = drag.proposedAction;
    if (drag.type === 'lm-drop') {
      take(drag.mimeData.getData(ROWS) as IRow[], drag);
    }
  };
  const types = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
  types.forEach(type => node.addEventListener(type, onDrag, true));
  return new DisposableDelegate(() => {
    types.forEach(type => node.removeEventListener(type, onDrag, true));
  });
}
