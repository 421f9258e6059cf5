import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { IAgent } from '../core/tokens';
import { DOCTOR } from './commandids';

export const doctorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre:doctor',
  description: 'Shows what is configured, and whether it works.',
  autoStart: true,
  requires: [IAgent],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    agent: IAgent,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('escape-vre');
    let shown: Widget | null = null;
    app.commands.addCommand(DOCTOR, {
      label: trans.__('Check Connections'),
      caption: trans.__(
        'Check what is configured, and say what works and what does not'
      ),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        if (!shown || shown.isDisposed) {
          const { makeDoctor } = await import('./view');
          shown = makeDoctor(agent, trans);
          app.shell.add(shown, 'main');
        }
        app.shell.activateById(shown.id);
      }
    });
    palette?.addItem({ command: DOCTOR, category: trans.__('ESCAPE VRE') });
  }
};
