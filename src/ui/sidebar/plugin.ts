import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { Sidebar } from './sidebar';

/** What a panel is made of, loaded when it is first shown. */
export interface ILoaded {
  model: { readonly outline: { limit: number } };
  panel: Widget;
}

/** Something that a panel can be told to do. */
export interface IPanelCommand<L extends ILoaded> {
  id: string;
  label: string;
  caption: string;
  icon: LabIcon;
  run: (loaded: L, args: ReadonlyPartialJSONObject) => Promise<unknown> | void;
  /** Without it, it can always be done. */
  isEnabled?: (loaded: L) => boolean;
  /** Whether it needs a row under the mouse, and so is in no palette. */
  isForRow?: boolean;
}

export interface IPanelPlugin<L extends ILoaded> {
  app: JupyterFrontEnd;
  /** The id of the plugin, under which its settings are. */
  pluginId: string;
  /** The id of the panel in the page. */
  panelId: string;
  title: string;
  icon: LabIcon;
  /** Its place in the side bar: Lab's own have 100, 200, …. */
  rank: number;
  /** Makes the inside; imports it when called. */
  make: () => Promise<L>;
  commands: readonly IPanelCommand<L>[];
  trans: TranslationBundle;
  restorer: ILayoutRestorer | null;
  palette: ICommandPalette | null;
  settings: ISettingRegistry | null;
}

/** The inside of a panel, loaded or to be loaded. */
export interface IPanelHandle<L extends ILoaded> {
  load: () => Promise<L>;
  loaded: () => L | null;
}

export const NO_ARGS = { args: { type: 'object', properties: {} } } as const;

/**
 * Put a panel into the side bar, with its commands, settings and palette.
 *
 * Its inside is loaded when it is first shown, or when a command needs it. The
 * settings `showAtStart` and `rowLimit` are followed where the plugin has them.
 */
export function addPanel<L extends ILoaded>(
  options: IPanelPlugin<L>
): IPanelHandle<L> {
  const { app, trans } = options;
  let loaded: L | null = null;
  let loading: Promise<L> | null = null;
  let limit: unknown;

  const applyLimit = () => {
    if (typeof limit === 'number' && loaded) {
      loaded.model.outline.limit = limit;
    }
  };
  const make = async () => {
    loaded = await options.make();
    applyLimit();
    return loaded;
  };
  const load = () => {
    loading ??= make().catch((error: unknown) => {
      // A chunk that did not come may come the next time.
      loading = null;
      throw error;
    });
    return loading;
  };

  const sidebar = new Sidebar({ ...options, id: options.panelId, load });
  const { title, rank } = options;
  app.shell.add(sidebar, 'left', { rank, type: title });
  options.restorer?.add(sidebar, options.panelId);

  const follow = async (registry: ISettingRegistry) => {
    const settings = await registry.load(options.pluginId);
    const apply = () => {
      limit = settings.composite.rowLimit;
      applyLimit();
    };
    settings.changed.connect(apply, sidebar);
    apply();
    if (settings.composite.showAtStart === true) {
      // Not before: restoring the layout would put another panel in front.
      await app.restored;
      app.shell.activateById(options.panelId);
    }
  };
  // Without its settings the panel works as it does by default.
  void (options.settings && follow(options.settings).catch(console.warn));

  const handle = { load, loaded: () => loaded };
  for (const command of options.commands) {
    addCommand(app, command, handle);
    if (!command.isForRow) {
      options.palette?.addItem({
        command: command.id,
        category: trans.__('ESCAPE VRE'),
        args: { isPalette: true }
      });
    }
  }
  return handle;
}

function addCommand<L extends ILoaded>(
  app: JupyterFrontEnd,
  command: IPanelCommand<L>,
  { load, loaded }: IPanelHandle<L>
): void {
  const { isEnabled } = command;
  app.commands.addCommand(command.id, {
    label: command.label,
    caption: command.caption,
    // Lab draws no icons in the palette, where they would only push text.
    icon: (args: ReadonlyPartialJSONObject) =>
      args.isPalette ? undefined : command.icon,
    describedBy: NO_ARGS,
    isEnabled: () => {
      const now = loaded();
      return isEnabled ? now !== null && isEnabled(now) : true;
    },
    execute: async args => {
      await command.run(await load(), args);
    }
  });
}
