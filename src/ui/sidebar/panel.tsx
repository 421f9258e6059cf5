import {
  MenuSvg,
  PanelWithToolbar,
  SidePanel
} from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import type { AccordionPanel, Widget } from '@lumino/widgets';
import type { IJobs } from '../../core/tokens';
import { Account } from './account';
import { Browse } from './browse';
import { CommandIDs } from '../../datalake/commandids';
import { DetailsView } from '../../datalake/detailsview';
import { keepFocus } from '../focus';
import type { IDatalake } from '../../datalake/tokens';

export interface IPanelOptions {
  model: IDatalake;
  jobs: IJobs;
  commands: CommandRegistry;
  translator: ITranslator;
  transfers: Widget;
  /** Lab's context menu closes. */
  menuClosing: ISignal<unknown, void>;
  /** The mouse went down on a selected row and may begin to drag it. */
  onDrag: (event: MouseEvent) => void;
}

const DETAILS = 1;
const TRANSFERS = 2;

/** Of the height: Browse, Details, Transfers. */
const SHARES = [7, 4, 2];

/** The data lake in the side bar: Browse, Details and Transfers. */
export class DatalakePanel extends SidePanel {
  constructor(options: IPanelOptions) {
    super({ translator: options.translator });
    const { model, jobs, commands, translator } = options;
    const trans = translator.load('escape-vre');
    this._model = model;
    this._jobs = jobs;
    this._transfers = options.transfers;
    this.addClass('escape-Datalake');

    this._menu = makeMenu(commands, MENU);
    this._getMenu = makeMenu(commands, GET_MENU);
    const openMenu = (menu: MenuSvg) => (x: number, y: number) => {
      this._onMenu();
      menu.open(x, y);
    };
    this.toolbar.addItem(
      'account',
      new Account({
        model,
        commands,
        trans,
        onMenu: openMenu(this._menu)
      })
    );

    const { onDrag } = options;
    const onGetHow = openMenu(this._getMenu);
    this._browse = new Browse({
      model,
      jobs,
      commands,
      trans,
      onDrag,
      onGetHow
    });
    this._details = new DetailsView({ model, jobs, commands, trans });
    for (const widget of [this._browse, this._details, this._transfers]) {
      const section = new PanelWithToolbar();
      section.title.label = widget.title.label;
      section.addClass('escape-Section');
      section.addWidget(widget);
      this.addWidget(section);
      if (widget === this._transfers) {
        widget.title.changed.connect(this._onTransfersTitle, this);
      }
    }
    this.accordion.collapse(DETAILS);
    this.accordion.collapse(TRANSFERS);
    model.selection.changed.connect(this._onSelection, this);
    jobs.changed.connect(this._onJobs, this);
    this._menuClosing = options.menuClosing;
    this._menuClosing.connect(this._onMenuClosing, this);
    this._menu.aboutToClose.connect(this._onMenuClosing, this);
    this._getMenu.aboutToClose.connect(this._onMenuClosing, this);
    this.node.addEventListener('contextmenu', this._onMenu, true);
    this._focus = keepFocus(this.node);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.selection.changed.disconnect(this._onSelection, this);
    this._jobs.changed.disconnect(this._onJobs, this);
    this._menuClosing.disconnect(this._onMenuClosing, this);
    this.node.removeEventListener('contextmenu', this._onMenu, true);
    this._transfers.title.changed.disconnect(this._onTransfersTitle, this);
    this._focus.dispose();
    this._menu.dispose();
    this._getMenu.dispose();
    super.dispose();
  }

  get accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  /** The next activation goes to the search field, not to the list. */
  searchNext(): void {
    this._isSearchNext = true;
  }

  showDetails(): void {
    this._isDetailsOffered = true;
    this._expand(DETAILS);
  }

  showTransfers(): void {
    this._isTransfersOffered = true;
    this._expand(TRANSFERS);
    this._transfers.activate();
  }

  protected onActivateRequest(_: Message): void {
    if (this._isSearchNext) {
      this._isSearchNext = false;
      this._browse.focusSearch();
    } else if (!this.node.contains(document.activeElement)) {
      this._browse.focusList();
    }
  }

  /** The first selection shows what Details are; later a person decides. */
  private _onSelection(): void {
    if (!this._isDetailsOffered && this._model.selectedRows().length > 0) {
      this.showDetails();
    }
  }

  private readonly _onMenu = (): void => {
    this._beforeMenu = document.activeElement;
  };

  /** A menu leaves the focus nowhere; it goes back to where it was. */
  private _onMenuClosing(): void {
    const before = this._beforeMenu;
    this._beforeMenu = null;
    const restore = () => {
      const isNowhere = document.activeElement === document.body;
      if (isNowhere && before instanceof HTMLElement) {
        before.focus();
      }
    };
    // At once, so that a dialog which the menu opens knows where to go back to;
    // and later, when the menu is gone from the page by all means.
    void Promise.resolve().then(restore);
    requestAnimationFrame(restore);
  }

  /** The same for the first transfer. */
  private _onJobs(): void {
    if (!this._isTransfersOffered && this._jobs.active.length > 0) {
      this._isTransfersOffered = true;
      this._expand(TRANSFERS);
    }
  }

  /** Open a section at its own share of the height, not at Lumino's guess. */
  private _expand(index: number): void {
    const { accordion } = this;
    if (accordion.widgets[index].isHidden) {
      accordion.expand(index);
      accordion.setRelativeSizes(
        accordion.widgets.map((widget, at) =>
          widget.isHidden ? 0 : SHARES[at]
        )
      );
    }
  }

  private _onTransfersTitle(): void {
    this.accordion.widgets[TRANSFERS].title.label = this._transfers.title.label;
  }

  private readonly _model: IDatalake;
  private readonly _jobs: IJobs;
  private readonly _browse: Browse;
  private readonly _details: Widget;
  private readonly _transfers: Widget;
  private readonly _menu: MenuSvg;
  private readonly _getMenu: MenuSvg;
  private readonly _focus: IDisposable;
  private readonly _menuClosing: ISignal<unknown, void>;
  private _beforeMenu: Element | null = null;
  private _isSearchNext = false;
  private _isDetailsOffered = false;
  private _isTransfersOffered = false;
}

/** Of the whole panel; null is a line between two groups. */
const MENU = [
  CommandIDs.search,
  CommandIDs.scopes,
  CommandIDs.refresh,
  null,
  CommandIDs.signIn,
  CommandIDs.signOut,
  null,
  CommandIDs.transfers,
  'escape-vre:transfers-clear'
];

/** Of the arrow beside Get. */
const GET_MENU = [CommandIDs.getTo, CommandIDs.getSome];

function makeMenu(
  commands: CommandRegistry,
  items: readonly (string | null)[]
): MenuSvg {
  const menu = new MenuSvg({ commands });
  for (const command of items) {
    menu.addItem(command === null ? { type: 'separator' } : { command });
  }
  return menu;
}
