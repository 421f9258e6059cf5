import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import type { IAgent, IJobs } from '../core/tokens';
import { TransfersView } from '../transfers/view';
import { Actions } from './actions';
import { Datalake } from './model';
import { DatalakePanel } from './panel';
import type { ILoaded } from './sidebar';

export interface ILoaderOptions {
  app: JupyterFrontEnd;
  agent: IAgent;
  jobs: IJobs;
  translator: ITranslator;
  documents: IDocumentManager | null;
  notebooks: INotebookTracker | null;
}

/** Make the panel; this module is where its own chunk begins. */
export function makePanel(options: ILoaderOptions): ILoaded {
  const { app, agent, jobs, translator, documents, notebooks } = options;
  const { commands } = app;
  const trans = translator.load('escape-vre');
  const model = new Datalake({ agent, jobs, trans });
  const transfers = new TransfersView({ jobs, commands, trans });
  const panel = new DatalakePanel({
    model,
    jobs,
    commands,
    translator,
    transfers
  });
  const actions = new Actions({
    model,
    jobs,
    commands,
    translator,
    documents,
    notebooks
  });
  panel.disposed.connect(() => model.dispose(), model);
  void model.start();
  return { model, panel, actions, canChooseFolder: documents !== null };
}
