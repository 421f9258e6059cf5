import type { IFormAnswer } from '../core/api';
import type { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import { FollowedSignIn } from './followed';

/** A sign-in by a form: what is typed goes to the agent once, and stays there. */
export class FormSignIn extends FollowedSignIn {
  constructor(agent: IAgent, form: IFormAnswer) {
    super(agent);
    this.form = form;
  }

  readonly form: IFormAnswer;

  /** Whether it is being tried. */
  get isBusy(): boolean {
    return this._isBusy;
  }

  /** Try what was typed; resolves with whether it is accepted. */
  async submit(typed: { username: string; secret: string }): Promise<boolean> {
    if (this._isBusy || !typed.secret) {
      return false;
    }
    this._isBusy = true;
    this.say(null);
    let error: AgentError | null = null;
    try {
      await this.request('POST', 'sign-ins/form', {
        body: { identity: this.form.identity, ...typed }
      });
      return true;
    } catch (thrown) {
      error = this.caught(thrown);
      return false;
    } finally {
      this._isBusy = false;
      this.say(error);
    }
  }

  private _isBusy = false;
}
