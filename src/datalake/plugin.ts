import { ILayoutRestorer, IRouter } from '@jupyterlab/application';
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAgent, IJobs } from '../core/tokens';
import { datalakeIcon } from '../ui/icons';
import { addPanel, NO_ARGS } from '../ui/sidebar/plugin';
import { CommandIDs } from './commandids';
import { addCommandsWithArgs, lakeCommands } from './commands';
import type { ILoadedLake } from './loader';
import { INotebookDataLoader } from './notebook/tokens';
import { holdsFiles } from './put/holds';

const PLUGIN_ID = 'escape-vre:datalake';
const PANEL_ID = 'escape-vre-datalake';

export const datalakePlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Shows the data lake in the sidebar.',
  autoStart: true,
  requires: [IAgent, IJobs],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    ISettingRegistry,
    IDocumentManager,
    INotebookTracker,
    IDefaultFileBrowser,
    IStateDB,
    IRouter,
    INotebookDataLoader
  ],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    jobs: IJobs,
    translatorOrNull: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    documents: IDocumentManager | null,
    notebooks: INotebookTracker | null,
    files: IDefaultFileBrowser | null,
    memory: IStateDB | null,
    router: IRouter | null,
    notebookData: INotebookDataLoader | null
  ): void => {
    const translator = translatorOrNull ?? nullTranslator;
    const trans = translator.load('escape-vre');
    const activate = () => app.shell.activateById(PANEL_ID);
    const handle = addPanel<ILoadedLake>({
      app,
      pluginId: PLUGIN_ID,
      panelId: PANEL_ID,
      title: trans.__('Data Lake'),
      icon: datalakeIcon,
      rank: 210,
      make: async () => {
        const { makePanel } = await import('./loader');
        return makePanel({
          app,
          agent,
          jobs,
          translator,
          documents,
          notebooks,
          files,
          memory,
          palette,
          notebookData
        });
      },
      commands: lakeCommands(trans, activate),
      trans,
      restorer,
      palette,
      settings: registry
    });
    addCommandsWithArgs(app, trans, activate, handle.load);
    // Files that are dragged may be meant for a panel that was not shown yet.
    for (const type of ['lm-dragenter', 'dragenter']) {
      const onDrag = (event: Event) => {
        if (holdsFiles(event)) {
          void handle.load();
        }
      };
      document.addEventListener(type, onDrag, true);
    }
    if (router) {
      const command = CommandIDs.followLink;
      app.commands.addCommand(command, {
        describedBy: NO_ARGS,
        execute: async () => (await import('./link')).followLink(app, router)
      });
      router.register({ command, pattern: /[?&]datalake=/ });
    }
  }
};
