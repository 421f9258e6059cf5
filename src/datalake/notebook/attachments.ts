import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Attached } from './attached';
import type { IAttachedOptions } from './attached';
import { OpenNotebook } from './host';

export interface IAttachmentsOptions extends Omit<
  IAttachedOptions,
  'notebook'
> {
  tracker: INotebookTracker;
}

/** The data of all open notebooks. */
export class Attachments implements IDisposable {
  constructor(options: IAttachmentsOptions) {
    this._options = options;
    const { tracker } = options;
    tracker.forEach(panel => this._add(panel));
    tracker.widgetAdded.connect(this._onAdded, this);
    tracker.currentChanged.connect(this._onCurrent, this);
  }

  /** Another notebook is at hand, or its data can be told by now. */
  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  /** The data of the notebook at hand; null where there is none. */
  get current(): Attached | null {
    const panel = this._options.tracker.currentWidget;
    return panel ? this.of(panel) : null;
  }

  /** The data of a notebook; null before it is ready. */
  of(panel: NotebookPanel): Attached | null {
    return this._all.get(panel) ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { tracker } = this._options;
    tracker.widgetAdded.disconnect(this._onAdded, this);
    tracker.currentChanged.disconnect(this._onCurrent, this);
    this._all.forEach(attached => attached.dispose());
    Signal.clearData(this);
  }

  private _onAdded(_: INotebookTracker, panel: NotebookPanel): void {
    this._add(panel);
  }

  private _onCurrent(): void {
    this._currentChanged.emit();
  }

  private _add(panel: NotebookPanel): void {
    void panel.context.ready.then(() => {
      if (panel.isDisposed || this._isDisposed) {
        return;
      }
      const notebook = new OpenNotebook(panel);
      const attached = new Attached({ ...this._options, notebook });
      this._all.set(panel, attached);
      panel.disposed.connect(() => {
        attached.dispose();
        notebook.dispose();
        this._all.delete(panel);
      });
      this._currentChanged.emit();
    });
  }

  private readonly _options: IAttachmentsOptions;
  private readonly _currentChanged = new Signal<this, void>(this);
  private readonly _all = new Map<NotebookPanel, Attached>();
  private _isDisposed = false;
}
