import { Dialog, Notification, showErrorMessage } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from '../../core/api';
import type { IAgent, IJobs } from '../../core/tokens';
import { Lake } from '../lake';
import type { IDatalake } from '../tokens';
import { filesIn } from './desktop';
import { showPut } from './dialog';
import { targetOf } from './target';
import type { ITarget } from './target';
import { folderFor, Upload } from './upload';
import { showUpload } from './uploading';

export interface IPutsOptions {
  agent: IAgent;
  model: IDatalake;
  jobs: IJobs;
  documents: IDocumentManager | null;
  files: FileBrowser | null;
  translator: ITranslator;
}

/** The kind of job that brings files into the data lake. */
const KIND = 'put';

/** What brings files into the data lake. */
export class Puts {
  constructor(private readonly _options: IPutsOptions) {
    this._trans = _options.translator.load('escape-vre');
    _options.jobs.ended.connect(this._onEnded, this);
  }

  dispose(): void {
    this._options.jobs.ended.disconnect(this._onEnded, this);
  }

  /** Put what is selected in the file browser. */
  async putSelected(): Promise<void> {
    const { files } = this._options;
    const paths = [...(files?.selectedItems() ?? [])].map(item => item.path);
    if (paths.length === 0) {
      await this.choose();
    } else {
      await this.put(paths, NOWHERE);
    }
  }

  /** Ask which files and folders, then put them where the panel is. */
  async choose(): Promise<void> {
    const { documents, translator, model } = this._options;
    if (!documents) {
      return;
    }
    const [row] = model.selectedRows();
    const answer = await FileDialog.getOpenFiles({
      manager: documents,
      translator,
      title: this._trans.__('Files and folders to put into the data lake')
    });
    const paths = (answer.value ?? []).map(item => item.path);
    if (answer.button.accept && paths.length > 0) {
      const isDataset = row?.type === 'dataset';
      const target = isDataset ? targetOf(row.ref, model) : NOWHERE;
      await this.put(paths, target);
    }
  }

  /** Ask how, then put files and folders of the workspace. */
  async put(paths: readonly string[], target: ITarget): Promise<void> {
    const { agent, model, jobs, documents } = this._options;
    const contents = documents?.services.contents;
    const job = await showPut({
      lake: new Lake(agent, model.connection.instance?.name),
      paths: paths.map(path => contents?.localPath(path) ?? path),
      target,
      scopes: model.scopes,
      trans: this._trans
    });
    if (job) {
      jobs.put(job);
    }
  }

  /** Bring files of the desktop into the workspace, then put them. */
  async putDropped(
    entries: readonly FileSystemEntry[],
    target: ITarget
  ): Promise<void> {
    const { documents } = this._options;
    if (!documents || entries.length === 0) {
      return;
    }
    const trans = this._trans;
    const { contents } = documents.services;
    try {
      const dropped = await filesIn(entries);
      if (dropped.length === 0) {
        Notification.info(trans.__('The folder is empty.'), {
          autoClose: 5000
        });
        return;
      }
      const upload = new Upload(contents, folderFor(new Date()), dropped);
      const paths = await showUpload(upload, trans);
      if (paths) {
        await this.put(paths, target);
      }
    } catch (error) {
      // Lab's contents manager and the browser fail with errors of their own.
      await showErrorMessage(
        trans.__('The files were not uploaded'),
        String(error),
        [Dialog.okButton({ label: trans.__('Close') })]
      );
    }
  }

  /** What has been put is in the list, as far as it shows it. */
  private _onEnded(_: IJobs, job: IJob): void {
    const { model } = this._options;
    const isHere =
      job.service === model.service &&
      job.instance === model.connection.instance?.name;
    if (job.kind === KIND && isHere) {
      void model.refresh();
    }
  }

  private readonly _trans: TranslationBundle;
}

/** The user is asked where. */
const NOWHERE: ITarget = { ref: null, scope: null, dataset: null };
