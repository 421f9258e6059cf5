import type { LabIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import type * as React from 'react';
import type { IOutlineRow } from './node';

/** Something to do with a row, at its end. */
export interface IRowAction {
  icon: LabIcon;
  label: string;
  /** @param button What was pressed, for a menu to open below it. */
  run: (button: Element) => void;
  /** Whether it opens a menu: that waits until no row moves any more. */
  isMenu?: boolean;
  /** Whether it belongs to the action on its left. */
  isBeside?: boolean;
}

/** How a row is drawn, and what a screen reader says of it. */
export interface IRowLook {
  icon: LabIcon;
  /** The whole of it, in words. */
  label: string;
  title: string;
  className: string;
  data?: Record<string, string>;
  /** What follows the name: `Figure` and `State` cells, as a rule. */
  cells?: React.ReactNode;
  actions?: readonly IRowAction[];
  /** Whether a right click, or the button with three dots, opens a menu. */
  hasMenu?: boolean;
  /** 0…1 for a line at the bottom of the row, else null. */
  fraction?: number | null;
}

/** A column heading, which sorts. */
export interface IHeading {
  /** The name of a sort key, or 'name'. */
  id: string;
  label: string;
  title: string;
}

/** What a list shows of the rows of a service, and what they do. */
export interface IListLook<R extends IOutlineRow> {
  /** The id of the tree in the page. */
  id: string;
  /** What a screen reader calls the list. */
  label: () => string;
  look: (row: R) => IRowLook;
  headings: () => readonly IHeading[];
  /** What changes how rows look, beside the model. */
  signals: readonly ISignal<unknown, unknown>[];
  /** Enter or a double click on the selected row. */
  onOpen: () => void;
  /** A click on a row; returns whether it meant more than to select it. */
  onClick?: (row: R) => boolean;
  /** Escape or Backspace where no more than one row is selected. */
  onLeave?: () => void;
  /** The mouse went down on a row that is selected now, and may begin to drag. */
  onDrag?: (event: MouseEvent) => void;
  /** These rows are on show. */
  onVisible?: (refs: readonly string[]) => void;
}
