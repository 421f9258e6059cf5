import { ILayoutRestorer } from '@jupyterlab/application';
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
import { addCommands, PALETTE } from './commands';
import { Sidebar } from '../ui/sidebar/sidebar';
import type { ILoaded } from '../ui/sidebar/sidebar';

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
    IStateDB
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
    memory: IStateDB | null
  ): void => {
    const translator = translatorOrNull ?? nullTranslator;
    const trans = translator.load('escape-vre');
    let loaded: ILoaded | null = null;
    let loading: Promise<ILoaded> | null = null;
    let settings: ISettingRegistry.ISettings | null = null;

    const applySettings = () => {
      const limit = settings?.get('rowLimit').composite;
      if (typeof limit === 'number') {
        loaded?.model.setLimit(limit);
      }
    };
    const makeLoaded = async (): Promise<ILoaded> => {
      const { makePanel } = await import('./loader');
      loaded = makePanel({
        app,
        agent,
        jobs,
        translator,
        documents,
        notebooks,
        files,
        memory
      });
      applySettings();
      return loaded;
    };
    const load = () => {
      loading ??= makeLoaded().catch((error: unknown) => {
        // A chunk that did not come may come the next time.
        loading = null;
        throw error;
      });
      return loading;
    };

    const sidebar = new Sidebar({ id: PANEL_ID, load, trans });
    app.shell.add(sidebar, 'left', { rank: 210, type: 'Data Lake' });
    restorer?.add(sidebar, PANEL_ID);
    addCommands({ app, trans, panelId: PANEL_ID, load, loaded: () => loaded });

    const followSettings = async (source: ISettingRegistry) => {
      settings = await source.load(PLUGIN_ID);
      settings.changed.connect(applySettings, sidebar);
      applySettings();
      if (settings.get('showAtStart').composite === true) {
        // Not before: restoring the layout would put another panel in front.
        await app.restored;
        app.shell.activateById(PANEL_ID);
      }
    };
    // Without its settings the panel works as it does by default.
    void (registry && followSettings(registry).catch(console.warn));

    for (const command of PALETTE) {
      palette?.addItem({
        command,
        category: trans.__('ESCAPE VRE'),
        args: { isPalette: true }
      });
    }
  }
};
