import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IAgent } from '../../core/tokens';
import { reportError } from '../../ui/dialog';
import type { IDone, IErasure, IRow } from '../api';
import { Lake } from '../lake';
import type { IDatalake } from '../tokens';
import { confirmChange, showErase } from './confirm';
import { showAttach, showCreate } from './dialogs';
import { showMetadata } from './metadata';
import { showQuota } from './quota';
import { holderOf, parentOf, rowsText } from './words';
import type { Kind } from './words';

export interface ICollectionActionsOptions {
  agent: IAgent;
  model: IDatalake;
  trans: TranslationBundle;
}

/** What a person can do with datasets, containers and metadata. */
export class CollectionActions {
  constructor(private readonly _options: ICollectionActionsOptions) {}

  /** Make one, with what is selected in it if it can hold that. */
  async create(kind: Kind): Promise<void> {
    const { model, trans } = this._options;
    const rows = model.selectedRows();
    const done = await showCreate({
      lake: this._lake,
      kind,
      rows: holderOf(rows) === kind ? rows : [],
      scope: model.query?.scope ?? null,
      scopes: model.scopes,
      trans
    });
    this._done(done, true);
  }

  /** What can hold the selected rows; null where nothing can. */
  get holder(): Kind | null {
    return holderOf(this._options.model.selectedRows());
  }

  async attach(): Promise<void> {
    const { model, trans } = this._options;
    const rows = model.selectedRows();
    const kind = holderOf(rows);
    if (kind) {
      const done = await showAttach({
        lake: this._lake,
        kind,
        rows,
        scope: model.query?.scope ?? null,
        scopes: model.scopes,
        trans
      });
      this._done(done, true);
    }
  }

  /** The collection under which the selected rows are shown, or null. */
  get parent(): IRow | null {
    return parentOf(this._options.model.outline.selection.nodes);
  }

  async detach(): Promise<void> {
    const { model, trans } = this._options;
    const { parent } = this;
    const rows = model.selectedRows();
    if (parent) {
      const done = await confirmChange({
        lake: this._lake,
        title: trans.__('Detach from %1?', parent.name),
        label: trans.__('Detach'),
        isWarning: true,
        sentences: [
          trans._n(
            '%2 stays in the data lake, but no longer in %3:%4.',
            '%1 items stay in the data lake, but no longer in %3:%4.',
            rows.length,
            rowsText(rows, trans),
            parent.scope,
            parent.name
          ),
          trans.__('What only its rules keep may be deleted for good.')
        ],
        path: 'collections/detach',
        fields: { ref: parent.ref, contents: rows.map(row => row.ref) },
        trans
      });
      this._done(done);
    }
  }

  /** The one selected collection, or null. */
  get collection(): IRow | null {
    const { row } = this;
    return row?.type === 'file' ? null : row;
  }

  /** Whether it is open, as far as Details know. */
  get isOpen(): boolean | null {
    const did = this._options.model.details.get('did');
    return did?.ref === this.collection?.ref ? (did?.open ?? null) : null;
  }

  async setOpen(open: boolean): Promise<void> {
    const { trans } = this._options;
    const row = this.collection;
    if (row) {
      const done = await confirmChange({
        lake: this._lake,
        title: open
          ? trans.__('Reopen %1?', row.name)
          : trans.__('Close %1?', row.name),
        label: open ? trans.__('Reopen') : trans.__('Close'),
        isWarning: !open,
        sentences: open
          ? [trans.__('More can be attached to it then.')]
          : [
              trans.__('Nothing can be attached to it any more.'),
              trans.__('Many data lakes let only administrators reopen it.')
            ],
        path: 'collections/status',
        fields: { ref: row.ref, open },
        trans
      });
      this._done(done);
    }
  }

  /** The one selected row, or null. */
  get row(): IRow | null {
    const rows = this._options.model.selectedRows();
    return rows.length === 1 ? rows[0] : null;
  }

  async editMetadata(): Promise<void> {
    const { trans, model } = this._options;
    const { row } = this;
    if (row) {
      const did = await showMetadata({ lake: this._lake, row, trans });
      if (did) {
        Notification.success(trans.__('The metadata is changed.'), {
          autoClose: 5000
        });
        model.details.refresh();
      }
    }
  }

  async erase(): Promise<void> {
    const { trans } = this._options;
    const { row, _lake: lake } = this;
    if (!row) {
      return;
    }
    const erasure = await showErase({ lake, row, trans });
    if (erasure) {
      Notification.info(erasure.message, {
        autoClose: false,
        actions: [
          {
            label: trans.__('Undo'),
            callback: () => void this._keep(lake, row)
          }
        ]
      });
      void this._options.model.refresh();
    }
  }

  async quota(): Promise<void> {
    const { trans } = this._options;
    await showQuota({ lake: this._lake, trans });
  }

  private async _keep(lake: Lake, row: IRow): Promise<void> {
    const { trans, model } = this._options;
    try {
      const fields = { ref: row.ref, undo: true };
      const kept = await lake.ask<IErasure>('POST', 'erase', fields);
      Notification.success(kept.message, { autoClose: 5000 });
      void model.refresh();
    } catch (error) {
      reportError(error, trans);
    }
  }

  /** Say it, and list again; what it came to may be elsewhere. */
  private _done(done: IDone | null, isElsewhere = false): void {
    if (!done) {
      return;
    }
    const { model, trans } = this._options;
    const [scope, ...name] = done.ref.replace(/^rucio:/, '').split(':');
    const show = {
      label: trans.__('Show'),
      callback: () => void model.openDid(scope, name.join(':'))
    };
    Notification.success(done.message, {
      autoClose: 8000,
      actions: isElsewhere ? [show] : []
    });
    void model.refresh();
  }

  private get _lake(): Lake {
    const { agent, model } = this._options;
    return new Lake(agent, model.connection.instance?.name);
  }
}
