import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ICells, IInsertable } from './python';
import { codeFor } from './python';

export interface IInsertOptions {
  dids: readonly IInsertable[];
  /** Named in the code when it is not the default one. */
  instance: string | null;
  tracker: INotebookTracker | null;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** Write the code that uses the DIDs in the notebook at hand. */
export async function insert(options: IInsertOptions): Promise<void> {
  const { tracker, trans } = options;
  const panel =
    tracker?.currentWidget ??
    (await offerNotebook({
      ...options,
      title: trans.__('Insert into a new notebook?'),
      first: trans.__('Open a notebook first, then insert.')
    }));
  if (!panel?.model) {
    return;
  }
  const language = panel.model.defaultKernelLanguage;
  if (language && language !== 'python') {
    Notification.warning(
      trans.__(
        'This notebook uses %1, but Insert writes Python. Open a Python notebook.',
        language
      ),
      { autoClose: 5000 }
    );
    return;
  }
  insertCell(panel, 'code', cells =>
    codeFor(options.dids, cells, options.instance)
  );
}

/** Write a cell at the place at hand: the active one if it is empty, or a new one. */
export function insertCell(
  panel: NotebookPanel,
  type: 'code' | 'markdown',
  source: (cells: ICells) => string
): void {
  const notebook = panel.content;
  const cell = notebook.activeCell;
  const canHold =
    cell?.model.type === type &&
    !cell.readOnly &&
    cell.model.sharedModel.getSource().trim() === '';
  if (!canHold) {
    NotebookActions.insertBelow(notebook);
    NotebookActions.changeCellType(notebook, type);
  }
  const cells = cellsOf(panel, notebook.activeCellIndex);
  notebook.activeCell?.model.sharedModel.setSource(source(cells));
  panel.activate();
}

/** The code of a notebook, as a cell at this index sees it. */
export function cellsOf(panel: NotebookPanel | null, at: number): ICells {
  const above: string[] = [];
  const all: string[] = [];
  const cells = panel?.model?.cells;
  for (let index = 0; cells && index < cells.length; index++) {
    const cell = cells.get(index);
    if (cell.type === 'code') {
      const source = cell.sharedModel.getSource();
      all.push(source);
      if (index < at) {
        above.push(source);
      }
    }
  }
  return { above, all };
}

/** Offer a new notebook where none is open; null where that is not wanted. */
export async function offerNotebook(options: {
  tracker: INotebookTracker | null;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** What the new notebook is for, as a question. */
  title: string;
  /** What to do where none can be made. */
  first: string;
}): Promise<NotebookPanel | null> {
  const { commands, tracker, trans } = options;
  const create = 'notebook:create-new';
  if (!tracker || !commands.hasCommand(create)) {
    Notification.info(options.first, { autoClose: 5000 });
    return null;
  }
  const answer = await showDialog({
    title: options.title,
    body: trans.__('No notebook is open.'),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('New notebook') })
    ]
  });
  if (!answer.button.accept) {
    return null;
  }
  // Without a kernel's name Lab asks which one; the default is meant here.
  const panel = (await commands.execute(create, {
    kernelName: 'python3'
  })) as NotebookPanel | undefined;
  await panel?.context.ready;
  return panel ?? null;
}
