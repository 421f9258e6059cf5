import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IJobs } from '../core/tokens';
import { addTransferCommands } from './commands';
import { TransferCommandIDs } from './commandids';
import { Notifier } from './notifier';
import { TransfersStatus } from './status';

/** Shows the section Transfers, wherever it is. */
const SHOW = 'escape-vre:datalake-transfers';

export const transfersPlugin: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre:transfers',
  description:
    'Lets transfers be cancelled, retried and opened, and tells when one ends.',
  autoStart: true,
  requires: [IJobs],
  optional: [ITranslator, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobs,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('escape-vre');
    addTransferCommands({ commands, jobs, trans });
    palette?.addItem({
      command: TransferCommandIDs.clear,
      category: trans.__('ESCAPE VRE')
    });
    const notifier = new Notifier({ commands, jobs, trans });
    const follow = async (settings: ISettingRegistry) => {
      const found = await settings.load(transfersPlugin.id);
      const read = () => {
        notifier.isOn = found.get('notifyWhenDone').composite as boolean;
      };
      read();
      found.changed.connect(read, notifier);
    };
    // Without its settings it works as they are by default.
    void (registry && follow(registry).catch(console.warn));
  }
};

export const transfersStatusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre:transfers-status',
  description: 'Shows transfers in the status bar.',
  autoStart: true,
  requires: [IJobs],
  // Notebook 7 has no status bar.
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobs,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (!statusBar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('escape-vre');
    const item = new TransfersStatus({
      jobs,
      trans,
      onClick: () => {
        if (app.commands.hasCommand(SHOW)) {
          void app.commands.execute(SHOW);
        }
      }
    });
    statusBar.registerStatusItem(transfersStatusPlugin.id, {
      item,
      align: 'left',
      rank: 100,
      isActive: () => jobs.active.length > 0,
      activeStateChanged: jobs.changed
    });
  }
};
