import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { reportError } from '../../ui/dialog';
import { insertCell, offerNotebook } from '../insert';
import { importLines } from '../python';
import type { Attached, IEntry } from './attached';
import type { Attachments } from './attachments';
import { didOf } from './metadata';
import type { IAttachment } from './metadata';
import { codeOf, pathsCell } from './paths';
import type { IAttachable } from './tokens';

/** The most paths that are written into a cell, which a person has to read. */
const MOST_PATHS = 1000;

const UNDO_MS = 10_000;

export interface IDataActionsOptions {
  attachments: Attachments;
  tracker: INotebookTracker;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Show the section about the notebook at hand. */
  show: () => void;
}

/** What a person can do with the data of the notebook at hand. */
export class DataActions {
  constructor(options: IDataActionsOptions) {
    this._options = options;
  }

  async attach(
    dids: readonly IAttachable[],
    instance: string | null
  ): Promise<void> {
    const { attachments, tracker, commands, trans } = this._options;
    const panel =
      tracker.currentWidget ??
      (await offerNotebook({
        tracker,
        commands,
        trans,
        title: trans.__('Attach to a new notebook?'),
        first: trans.__('Open a notebook first, then attach.')
      }));
    await panel?.context.ready;
    const attached = panel && attachments.of(panel);
    if (!attached) {
      return;
    }
    this._options.show();
    if (attached.attach(dids, instance).length === 0) {
      const message = trans.__('It is attached to this notebook already.');
      Notification.info(message, { autoClose: 5000 });
    }
  }

  async get(variable: string): Promise<void> {
    await this._current?.bring(variable);
  }

  async overwrite(variable: string): Promise<void> {
    await this._current?.overwrite(variable);
  }

  rename(variable: string, name: string): void {
    this._current?.rename(variable, name);
  }

  /** Detach at once; it can be undone for a while. */
  detach(variable: string): void {
    const { trans } = this._options;
    const attached = this._current;
    const attachment = attached?.get(variable)?.attachment;
    if (!attached || !attachment) {
      return;
    }
    attached.detach(variable);
    Notification.info(
      trans.__(
        'Detached %1. Its files stay, and so does the variable until the kernel restarts.',
        variable
      ),
      {
        autoClose: UNDO_MS,
        actions: [
          {
            label: trans.__('Undo'),
            callback: () => this._restore(attached, attachment)
          }
        ]
      }
    );
  }

  /** Write the code that gets the data, for where there is no panel. */
  insertCode(variable: string): void {
    const entry = this._current?.get(variable);
    const panel = this._options.tracker.currentWidget;
    if (entry && panel) {
      insertCell(panel, 'code', cells =>
        [...importLines(cells), codeOf(entry.attachment)].join('\n')
      );
    }
  }

  /** Write the paths, for kernels that have no variables of ours. */
  async insertPaths(variable: string): Promise<void> {
    const { tracker, trans } = this._options;
    const attached = this._current;
    const entry = attached?.get(variable);
    const panel = tracker.currentWidget;
    if (!attached || !entry || !panel) {
      return;
    }
    try {
      const paths = await attached.paths(entry, MOST_PATHS);
      const cell = pathsCell(languageOf(entry), {
        variable,
        did: didOf(entry.attachment.ref),
        paths
      });
      insertCell(panel, cell.type, () => cell.source);
    } catch (error) {
      reportError(error, trans);
    }
  }

  private _restore(attached: Attached, attachment: IAttachment): void {
    const { trans } = this._options;
    if (!attached.isDisposed && !attached.restore(attachment)) {
      const message = trans.__(
        '%1 is the name of another attachment.',
        attachment.variable
      );
      Notification.warning(message, { autoClose: 5000 });
    }
  }

  private get _current(): Attached | null {
    return this._options.attachments.current;
  }

  private readonly _options: IDataActionsOptions;
}

function languageOf({ variable }: IEntry): string {
  return variable?.kind === 'unsupported' ? variable.language : '';
}
