import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { SingletonLayout, Widget } from '@lumino/widgets';

export interface ISidebarOptions {
  id: string;
  icon: LabIcon;
  /** The name of the panel. */
  title: string;
  /** Brings in what is inside. */
  load: () => Promise<{ panel: Widget }>;
  trans: TranslationBundle;
}

/**
 * The place of a panel in the side bar.
 *
 * It is there from the start, so that Lab can restore its layout; its inside
 * comes when it is first shown.
 */
export class Sidebar extends Widget {
  constructor(options: ISidebarOptions) {
    super();
    this._options = options;
    this.id = options.id;
    this.layout = new SingletonLayout();
    this.title.icon = options.icon;
    this.title.caption = options.title;
    this.addClass('escape-Sidebar');
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._fill();
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    void this._fill().then(panel => panel?.activate());
  }

  private async _fill(): Promise<Widget | null> {
    const { load, title, trans } = this._options;
    try {
      const { panel } = await load();
      const layout = this.layout as SingletonLayout;
      if (layout.widget !== panel) {
        layout.widget = panel;
      }
      return panel;
    } catch (error) {
      console.error(error);
      this.node.textContent = trans.__(
        'The panel %1 could not be loaded. Reload the page.',
        title
      );
      return null;
    }
  }

  private readonly _options: ISidebarOptions;
}
