/** Files that are dragged onto the panel, from the file browser or the desktop. */
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { Drag } from '@lumino/dragdrop';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { openTabs } from '../drag';
import type { IDatalake } from '../tokens';
import { entriesOf } from './desktop';
import { CONTENTS, holdsFiles } from './holds';
import { targetOf } from './target';
import type { ITarget } from './target';

/** Which row files are held over. */
export class HeldOver {
  /** Its ref, or null. */
  get ref(): string | null {
    return this._ref;
  }

  set ref(ref: string | null) {
    if (ref !== this._ref) {
      this._ref = ref;
      this._changed.emit();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _ref: string | null = null;
}

export interface IDropOptions {
  node: HTMLElement;
  model: IDatalake;
  heldOver: HeldOver;
  /** Files and folders of the workspace, by path. */
  onPaths: (paths: string[], target: ITarget) => void;
  /** Files and folders of the desktop. */
  onEntries: (entries: FileSystemEntry[], target: ITarget) => void;
}

const TYPES = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
const NATIVE_TYPES = ['dragenter', 'dragover', 'dragleave', 'drop'];

/** Takes dragged files, and shows which row would get them. */
export class Dropping implements IDisposable {
  constructor(private readonly _options: IDropOptions) {
    const { node } = _options;
    TYPES.forEach(type => node.addEventListener(type, this._onLumino, true));
    NATIVE_TYPES.forEach(type =>
      node.addEventListener(type, this._onNative as EventListener, true)
    );
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    const { node } = this._options;
    TYPES.forEach(type => node.removeEventListener(type, this._onLumino, true));
    NATIVE_TYPES.forEach(type =>
      node.removeEventListener(type, this._onNative as EventListener, true)
    );
  }

  private readonly _onLumino = (event: Event): void => {
    const drag = event as Drag.Event;
    if (!holdsFiles(drag)) {
      return;
    }
    drag.preventDefault();
    drag.stopPropagation();
    drag.dropAction = drag.proposedAction;
    const target = this._follow(drag, drag.type === 'lm-dragover');
    if (drag.type === 'lm-drop') {
      const paths = drag.mimeData.getData(CONTENTS) as string[];
      this._options.onPaths(paths, target);
    }
  };

  private readonly _onNative = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (!dataTransfer || !holdsFiles(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    dataTransfer.dropEffect = 'copy';
    const target = this._follow(event, event.type === 'dragover');
    if (event.type === 'drop') {
      this._options.onEntries(entriesOf(dataTransfer), target);
    }
  };

  /** Show where the files would go, as long as they are held there. */
  private _follow(event: Event, isOver: boolean): ITarget {
    const { node, model, heldOver } = this._options;
    const element = event.target instanceof Element ? event.target : null;
    const row = element?.closest('[data-ref]')?.getAttribute('data-ref');
    const target = targetOf(row ?? null, model);
    node.classList.toggle('escape-mod-drop', isOver && target.ref === null);
    heldOver.ref = isOver ? target.ref : null;
    return target;
  }

  private _isDisposed = false;
}

/** While files are dragged, a tab of a side bar that they rest on comes up. */
export function openTabsForFiles(showPanel: (id: string) => void): IDisposable {
  let watching: IDisposable | null = null;
  const onEnter = (event: Event) => {
    if (holdsFiles(event)) {
      watching ??= openTabs(showPanel);
    }
  };
  const onEnd = () => {
    watching?.dispose();
    watching = null;
  };
  const begins = ['lm-dragenter', 'dragenter'];
  const ends = ['pointerup', 'pointerdown', 'drop', 'dragend'];
  begins.forEach(type => document.addEventListener(type, onEnter, true));
  // Lumino keeps the events of a drag from everybody but those before it.
  ends.forEach(type => window.addEventListener(type, onEnd, true));
  return new DisposableDelegate(() => {
    onEnd();
    begins.forEach(type => document.removeEventListener(type, onEnter, true));
    ends.forEach(type => window.removeEventListener(type, onEnd, true));
  });
}
