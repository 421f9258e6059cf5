/** Widgets of escape-vre's kit with something in them, opened by a command each. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { listIcon } from '@jupyterlab/ui-components';
import { nullTranslator } from '@jupyterlab/translation';
import { addPanel, IAgent, IJobs, mainKit } from 'escape-vre';
import { CommandIDs } from './commandids';
import type { makePanel } from './panel';

const trans = nullTranslator.load('');
const ESC = '\x1b';

interface IStar {
  name: string;
  magnitude: number | null;
}

/** A log of about so many megabytes, with one line that is like no other. */
function longLog(megabytes: number): string[] {
  const line = (index: number) =>
    `${ESC}[32mINFO${ESC}[0m ${String(index).padStart(9, '0')} ${'x'.repeat(80)}\n`;
  const chunks: string[] = [];
  let index = 0;
  for (let size = 0; size < megabytes * 1e6; size += chunks.at(-1)!.length) {
    const lines = Array.from({ length: 10_000 }, () => line(index++));
    chunks.push(lines.join(''));
  }
  chunks.splice(chunks.length >> 1, 0, `${ESC}[31mthe need${ESC}[0mle\n`);
  chunks.push('the end');
  return chunks;
}

const widgets: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre-stories:widgets',
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    app.commands.addCommand('escape-vre-stories:open', {
      label: 'Open the stories of escape-vre',
      execute: async args => {
        const { Form, Grid, LogBuffer, LogView, Main } = await mainKit();
        const buffer = new LogBuffer();
        const opened: string[] = [];
        const grid = new Grid<IStar>({
          columns: [
            { name: 'Star', value: star => star.name },
            {
              name: 'Magnitude',
              value: star => star.magnitude,
              text: star => star.magnitude?.toFixed(2) ?? ''
            }
          ],
          label: 'Stars',
          trans,
          onOpen: star => opened.push(star.name)
        });
        grid.model.append(
          Array.from({ length: 100_000 }, (_, index) => ({
            name: `star ${index}`,
            magnitude: index === 7 ? null : (index * 7919) % 100_003
          }))
        );
        const form = new Form({
          schema: {
            type: 'object',
            required: ['title'],
            properties: {
              title: { type: 'string', title: 'Title', minLength: 3 },
              steps: { type: 'integer', title: 'Steps', default: 10 }
            }
          },
          translator: nullTranslator
        });
        const main = new Main({
          id: 'escape-vre-stories',
          title: 'Stories',
          icon: listIcon,
          tabs: [
            {
              label: 'Log',
              content: new LogView({ buffer, label: 'Log', trans })
            },
            { label: 'Grid', content: grid },
            { label: 'Form', content: form }
          ]
        });
        app.shell.add(main, 'main');
        app.shell.activateById(main.id);
        for (const chunk of longLog(Number(args.megabytes ?? 1))) {
          buffer.append(chunk);
          await new Promise(resolve => setTimeout(resolve));
        }
        Object.assign(window, { stories: { buffer, opened, form, grid } });
      }
    });
  }
};

const PANEL_ID = 'escape-vre-stories-books';

const panel: JupyterFrontEndPlugin<void> = {
  id: 'escape-vre-stories:books',
  autoStart: true,
  requires: [IAgent, IJobs],
  activate: (app: JupyterFrontEnd, agent: IAgent, jobs: IJobs): void => {
    const activate = () => app.shell.activateById(PANEL_ID);
    addPanel<ReturnType<typeof makePanel>>({
      app,
      pluginId: 'escape-vre-stories:books',
      panelId: PANEL_ID,
      title: 'Library',
      icon: listIcon,
      rank: 900,
      make: async () =>
        (await import('./panel')).makePanel({ app, agent, jobs }),
      commands: [
        {
          id: CommandIDs.open,
          label: 'Show Library',
          caption: 'Show the library in the sidebar',
          icon: listIcon,
          run: activate
        },
        {
          id: CommandIDs.search,
          label: 'Search Library',
          caption: 'Go to the search field of the library',
          icon: listIcon,
          run: loaded => {
            loaded.panel.searchNext();
            activate();
          }
        },
        {
          id: CommandIDs.refresh,
          label: 'Refresh Library',
          caption: 'List again what is shown',
          icon: listIcon,
          run: ({ model }) => model.refresh()
        }
      ],
      trans,
      restorer: null,
      palette: null,
      settings: null
    });
  }
};

export default [widgets, panel];
