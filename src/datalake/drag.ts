import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { MimeData } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Drag } from '@lumino/dragdrop';
import type { IRow } from '../core/api';
import { oneLine } from '../ui/elide';
import { instanceToName } from './actions';
import { codeOf } from './insert';
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
  const sources = codeOf(notebooks?.currentWidget ?? null);
  const code = codeFor(rows, sources, instanceToName(model));
  const mimeData = new MimeData();
  mimeData.setData('text/plain', code);
  mimeData.setData(ROWS, rows);
  mimeData.setData(CELLS, [
    {
      cell_type: 'code',
      source: code,
      metadata: {},
      outputs: [],
      execution_count: null
    }
  ]);
  const drag = new Drag({
    mimeData,
    dragImage: imageOf(rows),
    supportedActions: 'copy',
    proposedAction: 'copy',
    source: model
  });
  const watching = openTabs(showPanel);
  void drag.start(event.clientX, event.clientY).then(() => {
    watching.dispose();
    drag.dispose();
  });
}

/**
 * Open the tab that the mouse rests on.
 *
 * The file browser mostly stands behind our own panel in the same side bar; it
 * could not be dropped on otherwise.
 */
function openTabs(showPanel: (id: string) => void): IDisposable {
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
  window.addEventListener('pointermove', onMove, true);
  return new DisposableDelegate(() => {
    window.clearTimeout(resting);
    window.removeEventListener('pointermove', onMove, true);
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
  const { node } = browser;
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
      const item = browser.modelForClick(drag);
      const folder = item?.type === 'directory' ? item.path : null;
      const rows = drag.mimeData.getData(ROWS) as IRow[];
      get(rows, folder ?? browser.model.path);
    }
  };
  const types = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
  types.forEach(type => node.addEventListener(type, onDrag, true));
  return new DisposableDelegate(() => {
    types.forEach(type => node.removeEventListener(type, onDrag, true));
  });
}
