import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import type { IGate } from './tokens';
import { wayOf } from './way';
import type { Way } from './way';

/** How often to check for a sign-in while the page is visible. */
const LOOK_MS = 10_000;

/** Coming back to the page fires more than one event. */
const QUIET_MS = 1000;

/** Where a person comes back to the page; the window itself but in tests. */
export type Window = Pick<
  EventTarget,
  'addEventListener' | 'removeEventListener'
>;

export class Gate implements IGate {
  /**
   * @param look Asks the service something small; resolves when it answers.
   */
  constructor(options: { look: () => Promise<unknown>; window?: Window }) {
    this._look = options.look;
    this._window = options.window ?? window;
    this._poll = new Poll({
      auto: false,
      name: 'escape-vre:sign-in',
      factory: () => this._ask(),
      frequency: { interval: LOOK_MS, backoff: false },
      standby: 'when-hidden'
    });
  }

  get error(): AgentError | null {
    return this._error;
  }

  get way(): Way | null {
    return wayOf(this._error);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get opened(): ISignal<this, void> {
    return this._opened;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._follow(false);
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  /** An agent that reports its failures here. */
  watch(agent: IAgent): IAgent {
    const meet = (error: unknown): never => {
      this.meet(error);
      throw error;
    };
    return {
      request: <T>(...args: Parameters<IAgent['request']>) =>
        agent.request<T>(...args).catch(meet),
      stream: (...args) => agent.stream(...args).catch(meet)
    };
  }

  /** Take in a failure, if it is one that ends by itself or by a sign-in. */
  meet(error: unknown): void {
    if (!(error instanceof AgentError) || !wayOf(error) || this.isDisposed) {
      return;
    }
    const isFirst = this._error === null;
    const isOther = this._error?.message !== error.message;
    if (isOther || wayOf(this._error)?.kind !== wayOf(error)?.kind) {
      this._error = error;
      this._changed.emit();
    }
    if (isFirst) {
      this._follow(true);
      void this._poll.schedule({ interval: LOOK_MS, phase: 'started' });
    }
  }

  /** The service has answered: nothing is in the way any more. */
  open(): void {
    if (this._error) {
      this.forget();
      this._opened.emit();
    }
  }

  /** Another service is asked from now on. */
  forget(): void {
    if (this._error) {
      this._error = null;
      this._follow(false);
      void this._poll.stop();
      this._changed.emit();
    }
  }

  async check(): Promise<void> {
    if (this._error && !this.isDisposed) {
      await this._ask();
    }
  }

  private async _ask(): Promise<void> {
    const since = this._error;
    this._asked = Date.now();
    try {
      await this._look();
    } catch (error) {
      this.meet(error);
      if (wayOf(error as AgentError)) {
        return;
      }
      // It is let in, but something else is wrong: that is not ours to say.
    }
    if (since && since === this._error && !this.isDisposed) {
      this.open();
    }
  }

  private _follow(isOn: boolean): void {
    for (const type of ['focus', 'visibilitychange', 'online']) {
      if (isOn) {
        this._window.addEventListener(type, this._onBack);
      } else {
        this._window.removeEventListener(type, this._onBack);
      }
    }
  }

  /** The person may come from signing in. */
  private readonly _onBack = (): void => {
    if (Date.now() - this._asked > QUIET_MS) {
      void this.check();
    }
  };

  private readonly _look: () => Promise<unknown>;
  private readonly _window: Window;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _opened = new Signal<this, void>(this);
  private _error: AgentError | null = null;
  private _asked = 0;
}
