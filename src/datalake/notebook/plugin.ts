import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';
import { IAgent, IJobs } from '../../core/tokens';
import { OUR_KEY, PEER_KEY } from './keys';
import { INotebookDataLoader } from './tokens';
import type { ILoadedData } from './tokens';

const CHIP = 'escape-vre-data';

/**
 * Follows the notebooks that have data attached.
 *
 * What it needs is loaded with the first of them, or when the panel is shown.
 */
export const notebookDataPlugin: JupyterFrontEndPlugin<INotebookDataLoader> = {
  id: 'escape-vre:notebook-data',
  description: 'Fetches the data that is attached to notebooks.',
  autoStart: true,
  provides: INotebookDataLoader,
  requires: [IAgent, IJobs],
  // Not every page of Notebook 7 has notebooks.
  optional: [
    INotebookTracker,
    ITranslator,
    ISettingRegistry,
    IToolbarWidgetRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    jobs: IJobs,
    tracker: INotebookTracker | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null
  ): INotebookDataLoader => {
    if (!tracker) {
      return { load: () => Promise.resolve(null) };
    }
    const trans = (translator ?? nullTranslator).load('escape-vre');
    /** The places of chips in toolbars, empty until there is something to show. */
    const places = new Map<NotebookPanel, Panel>();
    let loading: Promise<ILoadedData> | null = null;

    const make = async () => {
      // Without its settings it works as they are by default.
      const settings = await registry
        ?.load(notebookDataPlugin.id)
        .catch(() => null);
      const { makeData } = await import('./loader');
      return makeData({
        app,
        tracker,
        agent,
        jobs,
        settings: settings ?? null,
        trans
      });
    };
    const load = async () => {
      loading ??= make();
      // A chunk that did not come may come the next time.
      loading.catch(() => (loading = null));
      const data = await loading;
      for (const [panel, place] of places) {
        place.addWidget(data.makeChip(panel));
      }
      places.clear();
      return data;
    };
    toolbars?.addFactory<NotebookPanel>('Notebook', CHIP, panel => {
      const place = new Panel();
      places.set(panel, place);
      panel.disposed.connect(() => places.delete(panel));
      if (loading) {
        void load();
      }
      return place;
    });
    tracker.widgetAdded.connect((_, panel) => {
      void panel.context.ready.then(() => {
        const { model } = panel;
        if (model?.getMetadata(OUR_KEY) || model?.getMetadata(PEER_KEY)) {
          void load().catch(console.error);
        }
      });
    });
    return { load };
  }
};
