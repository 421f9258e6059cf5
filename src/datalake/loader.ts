import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IStateDB } from '@jupyterlab/statedb';
import type { ITranslator } from '@jupyterlab/translation';
import type { IAgent, IJobs } from '../core/tokens';
import { TransfersView } from '../activity/view';
import { Actions } from './actions';
import { acceptRows, dragRows } from './drag';
import { startWhereLeft } from '../ui/outline/memory';
import { Datalake } from './model';
import { DatalakePanel } from '../ui/sidebar/panel';
import type { ILoaded } from '../ui/sidebar/sidebar';

export interface ILoaderOptions {
  app: JupyterFrontEnd;
  agent: IAgent;
  jobs: IJobs;
  translator: ITranslator;
  documents: IDocumentManager | null;
  notebooks: INotebookTracker | null;
  files: FileBrowser | null;
  memory: IStateDB | null;
}

/** Make the panel; this module is where its own chunk begins. */
export function makePanel(options: ILoaderOptions): ILoaded {
  const { app, agent, jobs, translator, documents, notebooks, files, memory } =
    options;
  const { commands } = app;
  const trans = translator.load('escape-vre');
  const model = new Datalake({ agent, jobs, trans });
  const transfers = new TransfersView({ jobs, commands, trans });
  const panel = new DatalakePanel({
    model,
    jobs,
    commands,
    translator,
    transfers,
    menuClosing: app.contextMenu.menu.aboutToClose,
    onDrag: event =>
      dragRows(event, {
        model,
        notebooks,
        showPanel: id => app.shell.activateById(id)
      })
  });
  const actions = new Actions({
    agent,
    model,
    jobs,
    commands,
    translator,
    documents,
    notebooks
  });
  const dropping =
    files &&
    acceptRows(files, (rows, to) => void actions.getRows(rows, { to }));
  panel.disposed.connect(() => {
    dropping?.dispose();
    model.dispose();
  }, model);
  void startWhereLeft(model, memory);
  return { model, panel, actions, canChooseFolder: documents !== null };
}
