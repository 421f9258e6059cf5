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
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAgent, IJobs } from '../core/tokens';
import { addCommands, PALETTE } from './commands';
import { Sidebar } from './sidebar';
import type { ILoaded } from './sidebar';

const PLUGIN_ID = 'escape-vre:datalake';
const PANEL_ID = 'escape-vre-datalake';

export const datalakePlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Shows the data lake in the side bar.',
  autoStart: true,
  requires: [IAgent, IJobs],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    ISettingRegistry,
    IDocumentManager,
    INotebookTracker,
    IDefaultFileBrowser
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
    files: IDefaultFileBrowser | null
  ): void => {
    const translator = translatorOrNull ?? nullTranslator;
    const trans = translator.load('escape-vre');
    let loaded: ILoaded | null = null;
    let limit: number | null = null;
    let loading: Promise<ILoaded> | null = null;
    const settings = registry?.load(PLUGIN_ID).catch(() => null);

    const makeLoaded = async (): Promise<ILoaded> => {
      const { makePanel } = await import('./loader');
      await settings;
      loaded = makePanel({
        app,
        agent,
        jobs,
        translator,
        documents,
        notebooks,
        files
      });
      if (limit !== null) {
        loaded.model.setLimit(limit);
      }
      return loaded;
    };
    const load = () => (loading ??= makeLoaded());

    void settings?.then(found => {
      const read = (from: ISettingRegistry.ISettings) => {
        limit = from.get('rowLimit').composite as number;
        loaded?.model.setLimit(limit);
      };
      if (found) {
        read(found);
        found.changed.connect(read);
      }
    });

    const sidebar = new Sidebar({ id: PANEL_ID, load, trans });
    app.shell.add(sidebar, 'left', { rank: 210, type: 'Data Lake' });
    restorer?.add(sidebar, PANEL_ID);
    addCommands({ app, trans, panelId: PANEL_ID, load, loaded: () => loaded });
    for (const command of PALETTE) {
      palette?.addItem({
        command,
        category: trans.__('ESCAPE VRE'),
        args: { isPalette: true }
      });
    }
  }
};
