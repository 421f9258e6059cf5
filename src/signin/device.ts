import type { IFormAnswer, ISignInAnswer } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { FollowedSignIn } from './followed';

/** How long one question waits for the person, in seconds. */
const WAIT_S = 20;

/** After a question that broke, how long before the next. */
const AGAIN_MS = 2000;

/** A sign-in with a code, as it is followed in this window. */
export class DeviceSignIn extends FollowedSignIn {
  constructor(agent: IAgent, identity: string) {
    super(agent);
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

  /** When the code is no longer good, in milliseconds. */
  get expires(): number {
    return this._expires;
  }

  /** Get a code and follow it to its end; resolves with whether it worked. */
  async run(): Promise<boolean> {
    this._found = null;
    this.say(null);
    try {
      const body = { identity: this._identity };
      const started = await this.request<ISignInAnswer | IFormAnswer>(
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
    } catch (thrown) {
      const error = this.caught(thrown);
      if (error) {
        this.say(error);
      }
      return false;
    }
  }

  /** Give the code up, for every window that shows it. */
  async cancel(): Promise<void> {
    const found = this._found;
    this.abort.abort();
    if (found?.state === 'waiting') {
      await this.agent.request('POST', `sign-ins/${found.id}/cancel`);
    }
  }

  private async _next(id: string): Promise<ISignInAnswer> {
    for (;;) {
      try {
        return await this.request<ISignInAnswer>('GET', `sign-ins/${id}`, {
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

  private _take(found: ISignInAnswer): void {
    this._found = found;
    this.say(found.error && new AgentError(found.error));
  }

  private readonly _identity: string;
  private _found: ISignInAnswer | null = null;
  private _form: IFormAnswer | null = null;
  private _expires = 0;
}
