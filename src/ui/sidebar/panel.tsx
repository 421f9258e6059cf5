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
import type { AccordionPanel, Menu, Widget } from '@lumino/widgets';
import type { IJobs } from '../../core/tokens';
import { keepFocus } from '../focus';
import type { IOutlineRow } from '../outline/node';
import { Account } from './account';
import { Browse } from './browse';
import type { IPanelLook } from './look';
import type { IPanelModel } from './tokens';

export interface IPanelOptions<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  jobs: IJobs;
  commands: CommandRegistry;
  translator: ITranslator;
  /** The section about the selected row, if there is one. */
  details?: Widget;
  /** The section about the notebook at hand, if there is one. */
  notebook?: Widget;
  /** The section with the jobs of the service, if it has any. */
  activity?: Widget;
  /** Lab's context menu closes. */
  menuClosing: ISignal<unknown, void>;
}

/** The sections below Browse that a panel may have, from top to bottom. */
const SECTIONS = ['details', 'notebook', 'activity'] as const;

export type Section = (typeof SECTIONS)[number];

/** Parts of the height. */
const SHARES = { browse: 7, details: 4, notebook: 3, activity: 2 };

/** A service in the side bar: Browse, and what is below it. */
export class Panel<R extends IOutlineRow> extends SidePanel {
  constructor(options: IPanelOptions<R>) {
    super({ translator: options.translator });
    const { model, look, commands, translator } = options;
    const trans = translator.load('escape-vre');
    this._options = options;
    this.addClass('escape-Panel');

    const menu = makeMenu(commands, look.commands.menu);
    this._menu = menu;
    const onMenu = (x: number, y: number) => this.openMenu(menu, x, y);
    this.toolbar.addItem(
      'account',
      new Account({ model, look, commands, trans, onMenu })
    );
    this._browse = new Browse({ model, look, commands, trans });
    this._addSection(this._browse, SHARES.browse);
    for (const name of SECTIONS) {
      const widget = options[name];
      if (widget) {
        this._addSection(widget, SHARES[name]);
        this._expandable.set(widget, this.accordion.widgets.length - 1);
        this.accordion.collapse(this.accordion.widgets.length - 1);
      }
    }
    model.outline.selection.changed.connect(this._onSelection, this);
    options.jobs.changed.connect(this._onJobs, this);
    options.menuClosing.connect(this._onMenuClosing, this);
    this.node.addEventListener('contextmenu', this._onMenu, true);
    this._focus = keepFocus(this.node);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    const { model, jobs, menuClosing } = this._options;
    model.outline.selection.changed.disconnect(this._onSelection, this);
    jobs.changed.disconnect(this._onJobs, this);
    menuClosing.disconnect(this._onMenuClosing, this);
    this.node.removeEventListener('contextmenu', this._onMenu, true);
    this._focus.dispose();
    this._menu.dispose();
    super.dispose();
  }

  get accordion(): AccordionPanel {
    return this.content as AccordionPanel;
  }

  /** Open a menu; the focus comes back when it closes. */
  openMenu(menu: Menu, x: number, y: number): void {
    this._onMenu();
    menu.aboutToClose.connect(this._onMenuClosing, this);
    menu.open(x, y);
  }

  /** The next activation goes to the search field, not to the list. */
  searchNext(): void {
    this._isSearchNext = true;
  }

  showDetails(): void {
    this._show(this._options.details);
  }

  /** Open a section, if the panel has it, and go there. */
  showSection(name: Section): void {
    const widget = this._options[name];
    this._show(widget);
    widget?.activate();
  }

  showActivity(): void {
    this.showSection('activity');
  }

  protected onActivateRequest(_: Message): void {
    if (this._isSearchNext) {
      this._isSearchNext = false;
      this._browse.focusSearch();
    } else if (!this.node.contains(document.activeElement)) {
      this._browse.focusList();
    }
  }

  private _addSection(widget: Widget, share: number): void {
    const section = new PanelWithToolbar();
    section.title.label = widget.title.label;
    section.addClass('escape-Section');
    section.addWidget(widget);
    this.addWidget(section);
    this._shares.push(share);
    const onTitle = () => {
      section.title.label = widget.title.label;
    };
    widget.title.changed.connect(onTitle, section);
  }

  /** The first selection shows what Details are; later a person decides. */
  private _onSelection(): void {
    if (this._options.model.selectedRows().length > 0) {
      this._offer(this._options.details);
    }
  }

  /** The same for the first job of the service. */
  private _onJobs(): void {
    const { jobs, model, activity } = this._options;
    if (jobs.active.some(job => job.service === model.service)) {
      this._offer(activity);
    }
  }

  private _offer(widget: Widget | undefined): void {
    if (widget && !this._offered.has(widget)) {
      this._show(widget);
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

  /** Open a section at its own share of the height, not at Lumino's guess. */
  private _show(widget: Widget | undefined): void {
    const index = widget && this._expandable.get(widget);
    if (!widget || index === undefined) {
      return;
    }
    this._offered.add(widget);
    const { accordion } = this;
    if (accordion.widgets[index].isHidden) {
      accordion.expand(index);
      accordion.setRelativeSizes(
        accordion.widgets.map((section, at) =>
          section.isHidden ? 0 : this._shares[at]
        )
      );
    }
  }

  private readonly _options: IPanelOptions<R>;
  private readonly _browse: Browse<R>;
  private readonly _menu: MenuSvg;
  private readonly _focus: IDisposable;
  /** Sections that are folded at first, with their place. */
  private readonly _expandable = new Map<Widget, number>();
  /** Those of them that were unfolded once. */
  private readonly _offered = new Set<Widget>();
  private readonly _shares: number[] = [];
  private _beforeMenu: Element | null = null;
  private _isSearchNext = false;
}

/** A menu of commands; null is a line between two groups. */
export function makeMenu(
  commands: CommandRegistry,
  items: readonly (string | null)[]
): MenuSvg {
  const menu = new MenuSvg({ commands });
  for (const command of items) {
    menu.addItem(command === null ? { type: 'separator' } : { command });
  }
  return menu;
}
