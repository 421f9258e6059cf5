import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IFormAnswer, ISignInAnswer } from '../core/api';
import { AgentError, isAbort } from '../core/errors';
import type { IAgent } from '../core/tokens';

/** How long one question waits for the person, in seconds. */
const WAIT_S = 20;

/** After a question that broke, how long before the next. */
const AGAIN_MS = 2000;

/** A sign-in with a code, as it is followed in this window. */
export class DeviceSignIn implements IDisposable {
  constructor(agent: IAgent, identity: string) {
    this._agent = agent;
    this._identity = identity;
  }

  /** The code and how far it is, or null before there is one. */
  get found(): ISignInAnswer | null {
    return this._found;
  }

  /** What is to be typed instead of a code, or null. */
  get form(): IFormAnswer | null {
    return this._form;
  }

  /** Why there is no code, or why the sign-in has failed; null otherwise. */
  get error(): AgentError | null {
    return this._error;
  }

  /** When the code is no longer good, in milliseconds. */
  get expires(): number {
    return this._expires;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  /** Follow no longer; the sign-in itself goes on. */
  dispose(): void {
    this._abort.abort();
    Signal.clearData(this);
  }

  /** Get a code and follow it to its end; resolves with whether it worked. */
  async run(): Promise<boolean> {
    this._error = null;
    this._found = null;
    this._changed.emit();
    try {
      const body = { identity: this._identity };
      const started = await this._request<ISignInAnswer | IFormAnswer>(
        'POST',
        'sign-ins',
        {
          body
        }
      );
      if (started.kind === 'form') {
        this._form = started;
        return false;
      }
      let found = started;
      this._expires = Date.now() + found.expires_in * 1000;
      this._take(found);
      while (found.state === 'waiting') {
        found = await this._next(found.id);
        this._take(found);
      }
      return found.state === 'done';
    } catch (error) {
      if (isAbort(error)) {
        return false;
      }
      if (!(error instanceof AgentError)) {
        throw error;
      }
      this._error = error;
      this._changed.emit();
      return false;
    }
  }

  /** Give the code up, for every window that shows it. */
  async cancel(): Promise<void> {
    const found = this._found;
    this._abort.abort();
    if (found?.state === 'waiting') {
      await this._agent.request('POST', `sign-ins/${found.id}/cancel`);
    }
  }

  private async _next(id: string): Promise<ISignInAnswer> {
    for (;;) {
      try {
        return await this._request<ISignInAnswer>('GET', `sign-ins/${id}`, {
          query: { wait_s: WAIT_S }
        });
      } catch (error) {
        const isOver = Date.now() > this._expires;
        if (!(error instanceof AgentError) || !error.retryable || isOver) {
          throw error;
        }
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  private _request<T>(
    method: 'GET' | 'POST',
    path: string,
    options: Parameters<IAgent['request']>[2]
  ): Promise<T> {
    const { signal } = this._abort;
    return this._agent.request<T>(method, path, { ...options, signal });
  }

  private _take(found: ISignInAnswer): void {
    this._found = found;
    this._error = found.error && new AgentError(found.error);
    this._changed.emit();
  }

  private readonly _agent: IAgent;
  private readonly _identity: string;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _abort = new AbortController();
  private _found: ISignInAnswer | null = null;
  private _form: IFormAnswer | null = null;
  private _error: AgentError | null = null;
  private _expires = 0;
}
