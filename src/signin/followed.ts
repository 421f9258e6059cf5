import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError, isAbort } from '../core/errors';
import type { IAgent } from '../core/tokens';

/** A sign-in as it is followed in this window, of whatever kind. */
export abstract class FollowedSignIn implements IDisposable {
  constructor(agent: IAgent) {
    this.agent = agent;
  }

  /** Why it has failed, or null. */
  get error(): AgentError | null {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.abort.signal.aborted;
  }

  /** Follow no longer; the sign-in itself goes on. */
  dispose(): void {
    this.abort.abort();
    Signal.clearData(this);
  }

  /** Ask the agent, for as long as this is followed. */
  protected request<T>(
    method: 'GET' | 'POST',
    path: string,
    options: Parameters<IAgent['request']>[2]
  ): Promise<T> {
    const { signal } = this.abort;
    return this.agent.request<T>(method, path, { ...options, signal });
  }

  /** Say that something has changed, and the error that there is now. */
  protected say(error: AgentError | null): void {
    this._error = error;
    this._changed.emit();
  }

  /** The agent's error in what was thrown; null where we have ended the request ourselves. */
  protected caught(thrown: unknown): AgentError | null {
    if (isAbort(thrown)) {
      return null;
    }
    if (thrown instanceof AgentError) {
      return thrown;
    }
    throw thrown;
  }

  protected readonly agent: IAgent;
  protected readonly abort = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private _error: AgentError | null = null;
}
