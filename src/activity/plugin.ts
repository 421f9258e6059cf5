import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IJobs } from '../core/tokens';
import { addActivityCommands } from './commands';
import { ActivityCommandIDs, showCommand } from './commandids';
import { Notifier } from './notifier';
import { ActivityStatus } from './status';

export const activityPlugin: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre:activity',
  description:
    'Lets jobs be cancelled, retried and opened, and tells when one ends.',
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
    addActivityCommands({ commands, jobs, trans });
    palette?.addItem({
      command: ActivityCommandIDs.clear,
      category: trans.__('ESCAPE VRE')
    });
    const notifier = new Notifier({ commands, jobs, trans });
    const follow = async (settings: ISettingRegistry) => {
      const found = await settings.load(activityPlugin.id);
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

export const activityStatusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre:activity-status',
  description: 'Shows jobs in the status bar.',
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
    const item = new ActivityStatus({
      jobs,
      trans,
      onClick: () => {
        // The newest is the one that a person thinks of.
        const show = jobs.active
          .map(job => showCommand(job.service))
          .find(command => app.commands.hasCommand(command));
        if (show !== undefined) {
          void app.commands.execute(show);
        }
      }
    });
    statusBar.registerStatusItem(activityStatusPlugin.id, {
      item,
      align: 'left',
      rank: 100,
      isActive: () => jobs.active.length > 0,
      activeStateChanged: jobs.changed
    });
  }
};
