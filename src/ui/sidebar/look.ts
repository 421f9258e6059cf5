import type * as React from 'react';
import type { IListLook } from '../outline/look';
import type { IOutlineRow } from '../outline/node';

/** What a panel says, in the words of its service. */
export interface IPanelWords {
  /** What an instance of it is called: 'Data lake'. */
  service: string;
  /** The same in a sentence, where no instance is known: 'the data lake'. */
  who: string;
  /** What the search field is for. */
  search: string;
  /** How to use the search field, on hover. */
  searchHint: string;
  /** What completions of the search field are called. */
  completions?: string;
  /** What to do where no instance is configured. */
  unconfigured: string;
}

/** Commands that the panel gives itself. */
export interface IPanelCommands {
  refresh: string;
  /** Goes to the search field. */
  search: string;
  signIn: string;
  /** Further buttons of the toolbar. */
  tools?: readonly string[];
  /** Everything in the panel's menu; null is a line between two groups. */
  menu: readonly (string | null)[];
}

/** A sentence in place of a list without rows, and what to do about it. */
export interface INothing {
  sentence: string;
  action?: { label: string; onClick: () => void };
}

/** What is below the search field sees its text, and writes it. */
export interface IRefineProps {
  /** What is in the field, searched for or not. */
  text: string;
  onEdit: (text: string) => void;
  /** Search for a text, at once. */
  onSearch: (text: string) => void;
}

/** What a panel looks like: all that differs between services. */
export interface IPanelLook<R extends IOutlineRow> {
  /** Begins the ids of its elements. */
  id: string;
  words: IPanelWords;
  commands: IPanelCommands;
  list: IListLook<R>;
  /** In the empty search field. */
  placeholder: () => string;
  /** Below the search field: another way to write what is in it. */
  refine?: React.ComponentType<IRefineProps>;
  /** Of which one is chosen, to narrow the list. */
  chips?: readonly { value: string; label: string }[];
  /** Why there are no rows. */
  nothing: () => INothing;
  /** Where we are, in place of the number of rows alone. */
  summary?: React.ComponentType<{
    /** Gives the focus back to the list, when another one is shown. */
    onDone: () => void;
  }>;
  /** What is said below the list, where there is something to say. */
  below?: React.ComponentType;
}
