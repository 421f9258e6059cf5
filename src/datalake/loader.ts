import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IStateDB } from '@jupyterlab/statedb';
import type { ITranslator } from '@jupyterlab/translation';
import { Activity } from '../activity/view';
import type { IAgent, IJobs } from '../core/tokens';
import { startWhereLeft } from '../ui/sidebar/memory';
import { makeMenu, Panel } from '../ui/sidebar/panel';
import type { ILoaded } from '../ui/sidebar/plugin';
import { Actions, instanceToName } from './actions';
import { CollectionActions } from './collections/actions';
import { addCollectionCommands } from './collections/commands';
import { lakeDetails } from './detailsview';
import { acceptRows, dragRows } from './drag';
import { Puts } from './put/actions';
import { Dropping, HeldOver, openTabsForFiles } from './put/drop';
import { lakeLook } from './look';
import { GET_MENU } from './menu';
import { Datalake } from './model';
import type { INotebookDataLoader } from './notebook/tokens';
import { isPlace } from './place';
import type { ILakeRow } from './rows';
import { RuleActions } from './rules/actions';
import { addRuleCommands } from './rules/commands';
import type { IDatalake } from './tokens';

export interface ILoaderOptions {
  app: JupyterFrontEnd;
  agent: IAgent;
  jobs: IJobs;
  translator: ITranslator;
  documents: IDocumentManager | null;
  notebooks: INotebookTracker | null;
  files: FileBrowser | null;
  memory: IStateDB | null;
  palette: ICommandPalette | null;
  notebookData: INotebookDataLoader | null;
}

/** What the data lake's panel is made of, loaded when it is first shown. */
export interface ILoadedLake extends ILoaded {
  model: IDatalake;
  panel: Panel<ILakeRow>;
  actions: Actions;
  puts: Puts;
  rules: RuleActions;
  canChooseFolder: boolean;
  /** Attaches the selected rows to the notebook at hand; null without notebooks. */
  attach: (() => Promise<void>) | null;
}

/** Make the panel; this module is where its own chunk begins. */
export async function makePanel(options: ILoaderOptions): Promise<ILoadedLake> {
  const { app, agent, jobs, translator, documents, notebooks, files, memory } =
    options;
  const { commands } = app;
  const trans = translator.load('escape-vre');
  const model = new Datalake({ agent, jobs, trans });
  const data = await options.notebookData?.load();
  const selected = () => ({
    dids: model.selectedRows(),
    instance: instanceToName(model)
  });
  const getMenu = makeMenu(commands, GET_MENU);
  const puts = new Puts({ agent, model, jobs, documents, files, translator });
  const showPanel = (id: string) => app.shell.activateById(id);
  const heldOver = new HeldOver();
  const look = lakeLook({
    model,
    heldOver,
    jobs,
    commands,
    trans,
    onGetHow: (x, y) => panel.openMenu(getMenu, x, y),
    onDrag: event => dragRows(event, { model, notebooks, showPanel })
  });
  const panel: Panel<ILakeRow> = new Panel({
    model,
    look,
    jobs,
    commands,
    translator,
    notebook: data?.makeSection({
      selected,
      selectionChanged: model.outline.selection.changed
    }),
    details: lakeDetails({ agent, model, jobs, commands, trans }),
    activity: new Activity({
      jobs,
      service: model.service,
      title: trans.__('Transfers'),
      nothing: trans.__(
        'Nothing is in progress. Get some data, and it appears here.'
      ),
      commands,
      trans
    }),
    menuClosing: app.contextMenu.menu.aboutToClose
  });
  const droppingFiles = new Dropping({
    node: panel.node,
    model,
    heldOver,
    onPaths: (paths, target) => void puts.put(paths, target),
    onEntries: (entries, target) => void puts.putDropped(entries, target)
  });
  const opening = openTabsForFiles(showPanel);
  const actions = new Actions({
    agent,
    model,
    jobs,
    commands,
    translator,
    documents,
    notebooks
  });
  const rules = new RuleActions({ agent, model, trans });
  const lazyCommands = [
    ...addRuleCommands(commands, rules, trans),
    ...addCollectionCommands({
      commands,
      palette: options.palette,
      actions: new CollectionActions({ agent, model, trans }),
      trans
    })
  ];
  const dropping =
    files &&
    acceptRows(files, (rows, to) => void actions.getRows(rows, { to }));
  panel.disposed.connect(() => {
    dropping?.dispose();
    droppingFiles.dispose();
    opening.dispose();
    puts.dispose();
    lazyCommands.forEach(command => command.dispose());
    getMenu.dispose();
    model.dispose();
  }, model);
  const key = 'escape-vre:datalake';
  void startWhereLeft({ model, memory, key, isPlace });
  const attach = async () => {
    const { dids, instance } = selected();
    await data?.attach(dids, instance);
  };
  return {
    model,
    panel,
    actions,
    puts,
    rules,
    canChooseFolder: documents !== null,
    attach: data ? attach : null
  };
}
