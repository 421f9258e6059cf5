import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IFormAnswer } from '../core/api';
import type { IAgent } from '../core/tokens';
import { useSignals } from '../ui/signals';
import { FormSignIn } from './form';

/** Ask for a password or token until it is accepted, or the user cancels. */
export async function showForm(options: {
  agent: IAgent;
  form: IFormAnswer;
  trans: TranslationBundle;
}): Promise<boolean> {
  const { agent, form, trans } = options;
  const signIn = new FormSignIn(agent, form);
  const dialog = new FormDialog(signIn, new Body({ signIn, trans }), trans);
  const result = await dialog.launch().catch(() => null);
  signIn.dispose();
  return result?.button.accept ?? false;
}

/** Stays open, and shows why, while what is typed is not accepted. */
class FormDialog extends Dialog<unknown> {
  constructor(signIn: FormSignIn, body: Body, trans: TranslationBundle) {
    const title = trans.__('Sign in to %1', signIn.form.title);
    super({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Sign in') })
      ],
      focusNodeSelector: 'input:placeholder-shown'
    });
    this.node.setAttribute('aria-label', title);
    this._signIn = signIn;
    this._form = body;
  }

  resolve(index = ACCEPT): void {
    if (index !== ACCEPT) {
      super.resolve(index);
      return;
    }
    void this._signIn.submit(this._form.typed()).then(isAccepted => {
      if (isAccepted) {
        super.resolve(index);
      }
    });
  }

  private readonly _signIn: FormSignIn;
  private readonly _form: Body;
}

const ACCEPT = 1;

interface IBodyOptions {
  signIn: FormSignIn;
  trans: TranslationBundle;
}

class Body extends ReactWidget {
  constructor(options: IBodyOptions) {
    super();
    this._options = options;
    this.addClass('escape-SignIn');
  }

  /** Read from the page, and kept nowhere else. */
  typed(): { username: string; secret: string } {
    const value = (name: string) =>
      this.node.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value ??
      '';
    return { username: value('username'), secret: value('secret') };
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: IBodyOptions;
}

function View(props: IBodyOptions): React.JSX.Element {
  const { signIn, trans } = props;
  useSignals(signIn.changed);
  const { form, error, isBusy } = signIn;
  const isToken = form.asks === 'token';
  return (
    <>
      {!isToken && (
        <Field
          label={trans.__('User name')}
          name="username"
          type="text"
          value={form.username}
          autoComplete="username"
        />
      )}
      <Field
        label={isToken ? trans.__('Personal token') : trans.__('Password')}
        name="secret"
        type="password"
        value=""
        autoComplete={isToken ? 'off' : 'current-password'}
      />
      <p className="escape-SignIn-hint">
        {form.keeps === 'keyring'
          ? trans.__('It is kept in the keyring of your system.')
          : trans.__('It is kept in memory until your agent ends.')}
      </p>
      <div role="status">{isBusy && <p>{trans.__('Signing in…')}</p>}</div>
      {error && (
        <div role="alert">
          <p>{error.message}</p>
          <p className="escape-SignIn-hint">{error.hint}</p>
        </div>
      )}
    </>
  );
}

function Field(props: {
  label: string;
  name: string;
  type: string;
  value: string;
  autoComplete: string;
}): React.JSX.Element {
  const { label, value, ...rest } = props;
  return (
    <label className="escape-SignIn-field">
      {label}
      <input
        {...rest}
        className="jp-mod-styled"
        defaultValue={value}
        placeholder=" "
        spellCheck={false}
      />
    </label>
  );
}
