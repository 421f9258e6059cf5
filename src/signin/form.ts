import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IFormAnswer } from '../core/api';
import { AgentError, isAbort } from '../core/errors';
import type { IAgent } from '../core/tokens';

/** A sign-in by a form: what is typed goes to the agent once, and stays there. */
export class FormSignIn implements IDisposable {
  constructor(agent: IAgent, form: IFormAnswer) {
    this._agent = agent;
    this.form = form;
  }

  readonly form: IFormAnswer;

  /** Why what was typed is not accepted, or null. */
  get error(): AgentError | null {
    return this._error;
  }

  /** Whether it is being tried. */
  get isBusy(): boolean {
    return this._isBusy;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  dispose(): void {
    this._abort.abort();
    Signal.clearData(this);
  }

  /** Try what was typed; resolves with whether it is accepted. */
  async submit(typed: { username: string; secret: string }): Promise<boolean> {
    if (this._isBusy || !typed.secret) {
      return false;
    }
    this._isBusy = true;
    this._error = null;
    this._changed.emit();
    try {
      await this._agent.request('POST', 'sign-ins/form', {
        body: { identity: this.form.identity, ...typed },
        signal: this._abort.signal
      });
      return true;
    } catch (error) {
      if (isAbort(error)) {
        return false;
      }
      if (!(error instanceof AgentError)) {
        throw error;
      }
      this._error = error;
      return false;
    } finally {
      this._isBusy = false;
      this._changed.emit();
    }
  }

  private readonly _agent: IAgent;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _abort = new AbortController();
  private _error: AgentError | null = null;
  private _isBusy = false;
}
