import type { IAccount, IRse } from './api';
import type { Lake } from './lake';

/**
 * What an account may choose from: asked once for a dialog, for it changes more
 * slowly than a form is filled in.
 *
 * A form works without: the data lake itself then refuses what it does not want.
 */
export class Offer {
  constructor(
    private readonly _lake: Lake,
    private readonly _onChange: () => void
  ) {}

  account: IAccount | null = null;
  rses: readonly IRse[] | null = null;

  /** Ask for what is not known, or could not be told the last time. */
  ask(): void {
    const { signal } = this._abort;
    const ask = async () => {
      const [account, rses] = await Promise.allSettled([
        this.account ?? this._lake.account(signal),
        this.rses ?? this._lake.rses('', signal)
      ]);
      this._asking = null;
      if (!signal.aborted) {
        this.account = account.status === 'fulfilled' ? account.value : null;
        this.rses = rses.status === 'fulfilled' ? rses.value : null;
        this._onChange();
      }
    };
    if (this.account === null || this.rses === null) {
      this._asking ??= ask();
    }
  }

  dispose(): void {
    this._abort.abort();
  }

  private readonly _abort = new AbortController();
  private _asking: Promise<void> | null = null;
}
