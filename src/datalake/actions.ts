import {
  Clipboard,
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IRow, IRowState } from './api';
import type { IAgent, IJobs } from '../core/tokens';
import { showSignIn } from '../signin/dialog';
import { reportError } from '../ui/dialog';
import { insert } from './insert';
import { linkTo } from './link';
import type { ILinked } from './link';
import { canOpen } from './viewer';
import { isDid, RULES } from './rows';
import type { IDatalake } from './tokens';

export interface IActionsOptions {
  agent: IAgent;
  model: IDatalake;
  jobs: IJobs;
  commands: CommandRegistry;
  translator: ITranslator;
  documents: IDocumentManager | null;
  notebooks: INotebookTracker | null;
}

/** What a person can do with the selected rows. */
export class Actions {
  constructor(options: IActionsOptions) {
    this._options = options;
    this._model = options.model;
    this._trans = options.translator.load('escape-vre');
  }

  /** Open what is here, go into what holds more, get the rest. */
  async openItem(): Promise<void> {
    const { outline, states } = this._model;
    const [node] = outline.selection.nodes;
    const row = node?.row;
    if (!row) {
      return;
    }
    if (!isDid(row)) {
      await this._model.openScope(row.name);
    } else if (RULES.isExpandable(row)) {
      outline.toggle(node);
    } else {
      const state = states.get(row.ref);
      if (state?.local === 'here') {
        await this._openHere(state);
      } else {
        await this.get();
      }
    }
  }

  async get(options: { to?: string; files?: string[] } = {}): Promise<void> {
    const rows = this._model.selectedRows();
    if (rows.length > 0) {
      await this.getRows(rows, options);
    }
  }

  async getRows(
    rows: readonly IRow[],
    options: { to?: string; files?: string[] } = {}
  ): Promise<void> {
    try {
      if ((await this._model.get(rows, options)) === null) {
        this._sayHere(rows);
      }
    } catch (error) {
      reportError(error, this._trans);
    }
  }

  private _sayHere(rows: readonly IRow[]): void {
    const trans = this._trans;
    Notification.info(
      rows.length === 1
        ? trans.__('%1 is already here.', rows[0].name)
        : trans.__('All %1 are already here.', rows.length),
      { autoClose: 5000 }
    );
  }

  /** Sign in where the lake wants it: at an address, or with a code. */
  async signIn(): Promise<void> {
    const { agent } = this._options;
    const { gate, instance } = this._model.connection;
    const { way } = gate;
    if (way?.kind === 'link') {
      window.open(way.url, '_blank', 'noopener,noreferrer');
      return;
    }
    const identity = way?.kind === 'code' ? way.identity : instance?.identity;
    if (
      identity &&
      (await showSignIn({ agent, identity, trans: this._trans }))
    ) {
      await (gate.error ? gate.check() : this._model.refresh());
    }
  }

  async signOut(): Promise<void> {
    await this._model.signOut().catch(error => reportError(error, this._trans));
  }

  /** Ask for a folder, then get there. */
  async getTo(): Promise<void> {
    const { documents, translator } = this._options;
    if (!documents) {
      return;
    }
    const answer = await FileDialog.getExistingDirectory({
      manager: documents,
      translator,
      title: this._trans.__('Get to folder'),
      label: this._trans.__('The files are saved in this folder.')
    });
    const folder = answer.value?.[0];
    if (answer.button.accept && folder) {
      await this.get({ to: folder.path });
    }
  }

  /** Ask which files of a collection, then get those. */
  async getSome(): Promise<void> {
    const trans = this._trans;
    const [row] = this._model.selectedRows();
    const answer = await InputDialog.getText({
      title: trans.__('Get only some files'),
      label: trans.__(
        'Names of files in %1, separated by spaces; * matches any characters.',
        row?.name ?? ''
      ),
      placeholder: trans.__('for example *.fits'),
      okLabel: trans.__('Get')
    });
    const files = (answer.value ?? '').split(/[\s,]+/).filter(Boolean);
    if (answer.button.accept && files.length > 0) {
      await this.get({ files });
    }
  }

  async insert(): Promise<void> {
    const { model, notebooks, commands } = this._options;
    await insert({
      dids: model.selectedRows(),
      instance: instanceToName(model),
      tracker: notebooks,
      commands,
      trans: this._trans
    });
  }

  copyDid(): void {
    const dids = this._model
      .selectedRows()
      .map(row => `${row.scope}:${row.name}`);
    Clipboard.copyToSystem(dids.join('\n'));
  }

  copyLink(): void {
    const [row] = this._model.selectedRows();
    if (row) {
      const did = `${row.scope}:${row.name}`;
      const instance = instanceToName(this._model) ?? undefined;
      Clipboard.copyToSystem(linkTo({ did, instance }, window.location.origin));
      Notification.info(
        this._trans.__('Copied a link that opens %1 in JupyterLab.', row.name),
        { autoClose: 3000 }
      );
    }
  }

  /** Show the DID that a link names. */
  async openDid({ did, instance }: ILinked): Promise<void> {
    const model = this._model;
    const trans = this._trans;
    await hasInstance(model);
    const { connection } = model;
    if (instance && !connection.instances.some(one => one.name === instance)) {
      Notification.warning(
        trans.__(
          'The link leads to the data lake %1, which is not configured here.',
          instance
        ),
        { autoClose: 8000 }
      );
      return;
    }
    await model.useInstance(instance ?? connection.instances[0]?.name ?? '');
    const colon = did.indexOf(':');
    await model.openDid(did.slice(0, colon), did.slice(colon + 1));
  }

  copyPath(): void {
    const paths = this._statesHere().map(state => state.path ?? '');
    Clipboard.copyToSystem(paths.filter(Boolean).join('\n'));
  }

  async showInFileBrowser(): Promise<void> {
    const path = this._statesHere()[0]?.contents_path;
    if (typeof path === 'string') {
      await showPath(this._options.commands, path);
    }
  }

  private async _openHere(state: IRowState): Promise<void> {
    if (state.contents_path === null) {
      Notification.info(
        this._trans.__(
          'The file is at %1, outside the folders that JupyterLab can show.',
          state.path ?? ''
        ),
        { autoClose: 8000 }
      );
      return;
    }
    const { commands, documents } = this._options;
    const path = state.contents_path;
    if (documents && !(await canOpen(documents, path, state.bytes))) {
      await this._offerInsert(path);
      return;
    }
    await commands.execute('docmanager:open', { path });
  }

  private async _offerInsert(path: string): Promise<void> {
    const trans = this._trans;
    const answer = await showDialog({
      title: trans.__('No viewer for this file'),
      body: trans.__(
        'JupyterLab cannot show %1. Insert the code that uses it into a notebook?',
        PathExt.basename(path)
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Insert') })
      ]
    });
    if (answer.button.accept) {
      await this.insert();
    }
  }

  private _statesHere(): IRowState[] {
    return this._model
      .selectedRows()
      .map(row => this._model.states.get(row.ref))
      .filter(state => state !== undefined)
      .filter(state => state.path !== null);
  }

  private readonly _options: IActionsOptions;
  private readonly _model: IDatalake;
  private readonly _trans: TranslationBundle;
}

/** The default instance goes without saying. */
export function instanceToName(model: IDatalake): string | null {
  const { instance, instances } = model.connection;
  const name = instance?.name ?? null;
  return name === (instances[0]?.name ?? null) ? null : name;
}

/** Wait until it is known which data lakes there are, or that none can be. */
async function hasInstance(model: IDatalake): Promise<void> {
  const isKnown = () =>
    model.connection.instance !== null ||
    (model.error !== null && !model.isStarting);
  if (!isKnown()) {
    await new Promise<void>(resolve => {
      const onChange = () => {
        if (isKnown()) {
          model.changed.disconnect(onChange);
          resolve();
        }
      };
      model.changed.connect(onChange);
    });
  }
}

export async function showPath(
  commands: CommandRegistry,
  path: string
): Promise<void> {
  await commands.execute('filebrowser:go-to-path', { path });
}
