import type { JupyterFrontEnd } from '@jupyterlab/application';
import { closeIcon, editIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import type { IAgent, IJobs } from '../../core/tokens';
import { getIcon, insertIcon } from '../../ui/icons';
import { CommandIDs } from '../commandids';
import { DataActions } from './actions';
import { Attachments } from './attachments';
import { DataChip } from './chip';
import { NotebookCommandIDs } from './commandids';
import { NotebookSection } from './section';
import type { IDataSettings, ILoadedData } from './tokens';

export interface IDataOptions {
  app: JupyterFrontEnd;
  tracker: INotebookTracker;
  agent: IAgent;
  jobs: IJobs;
  settings: ISettingRegistry.ISettings | null;
  trans: TranslationBundle;
}

const VARIABLE_ARGS = {
  args: {
    type: 'object',
    properties: {
      variable: {
        type: 'string',
        description: 'The variable; default: that of the row that was clicked'
      },
      name: { type: 'string', description: 'Its new name' }
    }
  }
} as const;

/** Begin to follow notebooks; this module is where the chunk begins. */
export function makeData(options: IDataOptions): ILoadedData {
  const { app, tracker, settings, trans } = options;
  const { commands } = app;
  const attachments = new Attachments({
    ...options,
    settings: () => settingsOf(settings)
  });
  const show = () => void commands.execute(CommandIDs.notebook);
  const actions = new DataActions({
    attachments,
    tracker,
    commands,
    trans,
    show
  });
  addCommands(app, actions, trans);
  return {
    attach: (dids, instance) => actions.attach(dids, instance),
    makeSection: (given): Widget =>
      new NotebookSection({ ...given, attachments, actions, commands, trans }),
    makeChip: (panel: NotebookPanel): Widget =>
      new DataChip({ panel, attachments, trans, onClick: show })
  };
}

function settingsOf(
  settings: ISettingRegistry.ISettings | null
): IDataSettings {
  const { getAtStart, askAboveGB } = settings?.composite ?? {};
  return {
    getAtStart: getAtStart !== false,
    askAboveBytes: (typeof askAboveGB === 'number' ? askAboveGB : 10) * 1e9
  };
}

function addCommands(
  app: JupyterFrontEnd,
  actions: DataActions,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const add = (
    id: string,
    label: string,
    caption: string,
    icon: LabIcon,
    run: (variable: string, name: string) => Promise<void> | void
  ) => {
    commands.addCommand(id, {
      label,
      caption,
      icon,
      describedBy: VARIABLE_ARGS,
      execute: async args => {
        const variable = args.variable ?? clicked(app);
        if (typeof variable === 'string') {
          await run(variable, String(args.name ?? ''));
        }
      }
    });
  };
  add(
    NotebookCommandIDs.get,
    trans.__('Get'),
    trans.__('Get the attached data, however large it is'),
    getIcon,
    variable => actions.get(variable)
  );
  add(
    NotebookCommandIDs.overwrite,
    trans.__('Overwrite Variable'),
    trans.__('Set the variable although it has another value'),
    getIcon,
    variable => actions.overwrite(variable)
  );
  add(
    NotebookCommandIDs.rename,
    trans.__('Rename Variable'),
    trans.__('Give the variable of attached data another name'),
    editIcon,
    (variable, name) => actions.rename(variable, name)
  );
  add(
    NotebookCommandIDs.insertCode,
    trans.__('Insert Code'),
    trans.__('Insert the code that gets the attached data'),
    insertIcon,
    variable => actions.insertCode(variable)
  );
  add(
    NotebookCommandIDs.paths,
    trans.__('Insert Paths'),
    trans.__('Insert a cell with the paths of the attached data'),
    insertIcon,
    variable => actions.insertPaths(variable)
  );
  add(
    NotebookCommandIDs.detach,
    trans.__('Detach from Notebook'),
    trans.__('Detach the data; its files stay'),
    closeIcon,
    variable => actions.detach(variable)
  );
}

/** The variable of the row on which the context menu was opened. */
function clicked(app: JupyterFrontEnd): string | undefined {
  return app.contextMenuHitTest(node => !!node.dataset.variable)?.dataset
    .variable;
}
