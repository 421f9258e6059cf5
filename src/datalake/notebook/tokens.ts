import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';
import type { Value } from './inject';
import type { IMetadata } from './metadata';
import type { IInsertable } from '../python';

/** A kernel, as far as its variables go. */
export interface IKernel {
  /** In lower case, such as `python`. */
  readonly language: Promise<string>;
  /** Evaluate expressions, after what it was asked before; nothing is shown of it. */
  evaluate(
    expressions: Record<string, string>
  ): Promise<Record<string, Value | undefined>>;
}

/** A notebook, as far as attached data goes. */
export interface INotebook {
  metadata: IMetadata;
  readonly metadataChanged: ISignal<unknown, unknown>;
  readonly kernel: IKernel | null;
  /** Another kernel, or the same one from its beginning. */
  readonly kernelBegan: ISignal<unknown, void>;
  /** The sources of its code cells. */
  readonly cells: readonly string[];
}

/** What a user has set. */
export interface IDataSettings {
  /** Whether data that is not here is fetched when a kernel starts. */
  getAtStart: boolean;
  /** What is larger is fetched only when the user says so, bytes. */
  askAboveBytes: number;
}

/** What can be attached. */
export interface IAttachable extends IInsertable {
  ref: string;
}

/** The data of all notebooks, loaded when a notebook has some or gets some. */
export interface INotebookData {
  /** Attach DIDs of an instance, null for the default one, to the notebook at hand. */
  attach(dids: readonly IAttachable[], instance: string | null): Promise<void>;
  /** A new section for a panel, about the notebook at hand. */
  makeSection(options: ISectionOptions): Widget;
}

export interface ISectionOptions {
  /** What could be attached now, and of which instance. */
  selected: () => {
    dids: readonly IAttachable[];
    instance: string | null;
  };
  selectionChanged: ISignal<unknown, unknown>;
}

/** Loads what a notebook's data needs; null where there are no notebooks. */
export interface INotebookDataLoader {
  load(): Promise<INotebookData | null>;
}

export const INotebookDataLoader = new Token<INotebookDataLoader>(
  'escape-vre:INotebookDataLoader',
  'Data that is attached to notebooks.'
);

/** What the chunk of notebooks' data begins with, for the plugin alone. */
export interface ILoadedData extends INotebookData {
  /** What a notebook's toolbar shows of its data. */
  makeChip(panel: NotebookPanel): Widget;
}
