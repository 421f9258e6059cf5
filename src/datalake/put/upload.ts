import type { Contents } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IDropped } from './desktop';

/** What Jupyter Server takes at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** The part of Lab's contents manager that an upload needs. */
export type Uploads = Pick<Contents.IManager, 'save' | 'delete'>;

/** Files on their way from the desktop into a folder of the workspace. */
export class Upload {
  constructor(
    private readonly _contents: Uploads,
    readonly folder: string,
    private readonly _files: readonly IDropped[]
  ) {
    this.bytes = _files.reduce((sum, { file }) => sum + file.size, 0);
    this.files = _files.length;
  }

  readonly files: number;
  readonly bytes: number;
  filesDone = 0;
  bytesDone = 0;

  get fraction(): number {
    return this.bytes ? this.bytesDone / this.bytes : 1;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  cancel(): void {
    this._isCancelled = true;
  }

  /**
   * Write everything; resolves with the paths of what was dropped.
   *
   * Resolves with null when it was cancelled. Leaves nothing behind then, nor
   * when it failed.
   */
  async run(): Promise<string[] | null> {
    try {
      await this._makeFolders();
      for (const dropped of this._files) {
        await this._write(dropped);
        this.filesDone += 1;
        this._changed.emit();
      }
    } catch (error) {
      await this._contents.delete(this.folder).catch(console.warn);
      if (this._isCancelled) {
        return null;
      }
      throw error;
    }
    const tops = this._files.map(({ path }) => path.split('/')[0]);
    return [...new Set(tops)].map(top => `${this.folder}/${top}`);
  }

  private async _makeFolders(): Promise<void> {
    const folders = new Set<string>();
    for (const { path } of this._files) {
      const parts = `${this.folder}/${path}`.split('/').slice(0, -1);
      parts.forEach((_, at) => folders.add(parts.slice(0, at + 1).join('/')));
    }
    for (const folder of [...folders].sort()) {
      this._goOn();
      await this._contents.save(folder, { type: 'directory' });
    }
  }

  private async _write({ path, file }: IDropped): Promise<void> {
    let start = 0;
    do {
      this._goOn();
      const end = start + CHUNK_BYTES;
      const part = file.slice(start, end);
      const isLast = end >= file.size;
      const isWhole = isLast && start === 0;
      const chunk = isWhole ? {} : { chunk: isLast ? -1 : end / CHUNK_BYTES };
      await this._contents.save(`${this.folder}/${path}`, {
        type: 'file',
        format: 'base64',
        content: base64(await part.arrayBuffer()),
        ...chunk
      });
      this.bytesDone += part.size;
      this._changed.emit();
      start = end;
    } while (start < file.size);
  }

  private _goOn(): void {
    if (this._isCancelled) {
      throw new Error('cancelled');
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isCancelled = false;
}

/** A folder that tells a person later what it was for. */
export function folderFor(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two);
  return `uploads for the data lake/${day.join('-')} ${time.join('.')}`;
}

function base64(bytes: ArrayBuffer): string {
  const view = new Uint8Array(bytes);
  let text = '';
  // A call takes only so many arguments.
  for (let at = 0; at < view.length; at += 0x8000) {
    text += String.fromCharCode(...view.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
