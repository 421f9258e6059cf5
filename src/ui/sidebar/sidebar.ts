import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { SingletonLayout, Widget } from '@lumino/widgets';
import { datalakeIcon } from '../icons';
import type { Actions } from '../../datalake/actions';
import type { DatalakePanel } from './panel';
import type { IDatalake } from '../../datalake/tokens';

/** What the panel is made of, once somebody wanted to see it. */
export interface ILoaded {
  model: IDatalake;
  panel: DatalakePanel;
  actions: Actions;
  canChooseFolder: boolean;
}

/**
 * The place in the side bar.
 *
 * It is there from the start, so that Lab can restore its layout; its inside
 * comes when it is first shown.
 */
export class Sidebar extends Widget {
  constructor(options: {
    id: string;
    load: () => Promise<ILoaded>;
    trans: TranslationBundle;
  }) {
    super();
    this._load = options.load;
    this._trans = options.trans;
    this.id = options.id;
    this.layout = new SingletonLayout();
    this.title.icon = datalakeIcon;
    this.title.caption = options.trans.__('Data Lake');
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

  private async _fill(): Promise<DatalakePanel | null> {
    try {
      const { panel } = await this._load();
      const layout = this.layout as SingletonLayout;
      if (layout.widget !== panel) {
        layout.widget = panel;
      }
      return panel;
    } catch (error) {
      console.error(error);
      this.node.textContent = this._trans.__(
        'The data lake panel could not be loaded. Reload the page.'
      );
      return null;
    }
  }

  private readonly _load: () => Promise<ILoaded>;
  private readonly _trans: TranslationBundle;
}
