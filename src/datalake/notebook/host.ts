import type { ISessionContext } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { JSONExt } from '@lumino/coreutils';
import type { PartialJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { cellsOf } from '../insert';
import type { Value } from './inject';
import { OUR_KEY, PEER_KEY } from './keys';
import type { IMetadata } from './metadata';
import type { IKernel, INotebook } from './tokens';

/** How often a request is sent again that a failed cell has taken along. */
const TRIES = 3;

/** A notebook that is open in Lab. */
export class OpenNotebook implements INotebook, IDisposable {
  constructor(panel: NotebookPanel) {
    this._panel = panel;
    const { sessionContext, model } = panel;
    model?.metadataChanged.connect(this._onMetadata, this);
    sessionContext.kernelChanged.connect(this._onKernel, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      // The panel may be disposed already, and its signals with it.
      Signal.clearData(this);
    }
  }

  get metadataChanged(): ISignal<this, void> {
    return this._metadataChanged;
  }

  get kernelBegan(): ISignal<this, void> {
    return this._kernelBegan;
  }

  get metadata(): IMetadata {
    const { model } = this._panel;
    return {
      ours: model?.getMetadata(OUR_KEY),
      peer: model?.getMetadata(PEER_KEY)
    };
  }

  set metadata({ ours, peer }: IMetadata) {
    const before = this.metadata;
    this._set(OUR_KEY, ours, before.ours);
    this._set(PEER_KEY, peer, before.peer);
  }

  get kernel(): IKernel | null {
    const kernel = this._panel.sessionContext.session?.kernel;
    return kernel && !kernel.isDisposed ? new OpenKernel(kernel) : null;
  }

  get cells(): readonly string[] {
    return cellsOf(this._panel, Infinity).all;
  }

  private _set(key: string, value: unknown, before: unknown): void {
    const { model } = this._panel;
    if (value === undefined) {
      if (before !== undefined) {
        model?.deleteMetadata(key);
      }
    } else if (!isEqual(value, before)) {
      model?.setMetadata(key, value);
    }
  }

  private _onMetadata(_: unknown, change: { key: string }): void {
    if (change.key === OUR_KEY || change.key === PEER_KEY) {
      this._metadataChanged.emit();
    }
  }

  private _onKernel(): void {
    if (this.kernel) {
      this._kernelBegan.emit();
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      // Lab drops what waits for the kernel right after it says this. What is sent
      // then is the first that the new kernel is asked, before any cell.
      void Promise.resolve().then(() => this._onKernel());
    }
  }

  private readonly _panel: NotebookPanel;
  private readonly _metadataChanged = new Signal<this, void>(this);
  private readonly _kernelBegan = new Signal<this, void>(this);
  private _isDisposed = false;
}

class OpenKernel implements IKernel {
  constructor(kernel: Kernel.IKernelConnection) {
    this._kernel = kernel;
  }

  get language(): Promise<string> {
    return this._kernel.info.then(info =>
      info.language_info.name.toLowerCase()
    );
  }

  async evaluate(
    expressions: Record<string, string>
  ): Promise<Record<string, Value | undefined>> {
    const request = {
      code: '',
      silent: true,
      store_history: false,
      user_expressions: expressions,
      allow_stdin: false,
      stop_on_error: false
    };
    for (let tries = 1; ; tries++) {
      const { content } = await this._kernel.requestExecute(request).done;
      if (content.status === 'ok') {
        return Object.fromEntries(
          Object.entries(content.user_expressions ?? {}).map(
            ([name, value]) => [name, valueOf(value)]
          )
        );
      }
      // A cell that failed takes along all that waits behind it.
      if (String(content.status) !== 'aborted' || tries === TRIES) {
        return {};
      }
    }
  }

  private readonly _kernel: Kernel.IKernelConnection;
}

function isEqual(one: unknown, other: unknown): boolean {
  return (
    other !== undefined &&
    JSONExt.deepEqual(one as PartialJSONValue, other as PartialJSONValue)
  );
}

function valueOf(value: unknown): Value {
  const { data, ename } = (value ?? {}) as {
    data?: Record<string, unknown>;
    ename?: unknown;
  };
  const text = data?.['text/plain'];
  return typeof text === 'string' ? { text } : { error: String(ename) };
}
