import { MainAreaWidget } from '@jupyterlab/apputils';
import { TabPanelSvg } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';

export interface ITab {
  label: string;
  content: Widget;
}

export interface IMainOptions {
  /** The id of the widget in the page; the same thing is opened once. */
  id: string;
  title: string;
  icon: LabIcon;
  tabs: readonly ITab[];
  /** From left to right. */
  toolbar?: readonly { name: string; item: Widget }[];
}

/** One thing in the main area: a toolbar, and what there is to it in tabs. */
export class Main extends MainAreaWidget<TabPanelSvg> {
  constructor(options: IMainOptions) {
    const content = new TabPanelSvg({ tabsMovable: false });
    super({ content });
    this.id = options.id;
    this.title.label = options.title;
    this.title.icon = options.icon;
    this.title.closable = true;
    content.addClass('escape-Main');
    for (const { label, content: widget } of options.tabs) {
      widget.title.label = label;
      content.addWidget(widget);
    }
    for (const { name, item } of options.toolbar ?? []) {
      this.toolbar.addItem(name, item);
    }
  }

  /** Bring one of the tabs to the front. */
  showTab(label: string): void {
    const index = this.content.widgets.findIndex(
      widget => widget.title.label === label
    );
    if (index >= 0) {
      this.content.currentIndex = index;
    }
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.content.currentWidget?.activate();
  }
}
