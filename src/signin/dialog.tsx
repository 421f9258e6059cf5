import { Clipboard, Dialog } from '@jupyterlab/apputils';
import { copyIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ISignInAnswer } from '../core/api';
import type { IAgent } from '../core/tokens';
import { formatDuration } from '../ui/format';
import { useSignals } from '../ui/signals';
import { DeviceSignIn } from './device';
import { showForm } from './formdialog';

/**
 * Show a code until it was used, or a form until what is typed was accepted;
 * resolves with whether the user has signed in.
 */
export async function showSignIn(options: {
  agent: IAgent;
  identity: string;
  trans: TranslationBundle;
}): Promise<boolean> {
  const { trans } = options;
  const signIn = new DeviceSignIn(options.agent, options.identity);
  let isDone = false;
  const run = async () => {
    isDone = await signIn.run();
    if (isDone || signIn.form || signIn.found?.state === 'cancelled') {
      dialog.dispose();
    }
  };
  const dialog = new Dialog<unknown>({
    title: trans.__('Sign in'),
    body: new Body({ signIn, trans, onAgain: () => void run() }),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') })]
  });
  const following = run();
  await dialog.launch().catch(() => undefined);
  if (!isDone && !signIn.form) {
    // A code that is not shown is of no use, and another window may ask for one.
    await signIn.cancel().catch(console.warn);
  }
  await following;
  signIn.dispose();
  const { form } = signIn;
  return form ? showForm({ agent: options.agent, form, trans }) : isDone;
}

interface IBodyOptions {
  signIn: DeviceSignIn;
  trans: TranslationBundle;
  onAgain: () => void;
}

class Body extends ReactWidget {
  constructor(options: IBodyOptions) {
    super();
    this._options = options;
    this.addClass('escape-SignIn');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: IBodyOptions;
}

function View(props: IBodyOptions): React.JSX.Element {
  const { signIn, trans } = props;
  useSignals(signIn.changed);
  const { found, error } = signIn;
  if (error) {
    return (
      <div role="alert">
        <p>{error.message}</p>
        <p className="escape-SignIn-hint">{error.hint}</p>
        <button
          className="jp-Button jp-mod-styled jp-mod-accept escape-Button"
          onClick={props.onAgain}
        >
          {trans.__('Get a new code')}
        </button>
      </div>
    );
  }
  if (!found) {
    return <p role="status">{trans.__('Requesting a code…')}</p>;
  }
  return <Code {...props} found={found} />;
}

function Code(
  props: IBodyOptions & { found: ISignInAnswer }
): React.JSX.Element {
  const { found, trans, signIn } = props;
  const [isCopied, setCopied] = React.useState(false);
  const url = found.verification_uri_complete ?? found.verification_uri;
  return (
    <>
      <p>
        {trans.__('To sign in to %1, open', found.title)}{' '}
        <a href={url} target="_blank" rel="noopener noreferrer">
          {found.verification_uri}
        </a>
        ,{' '}
        {trans.__('here or on another device, and enter or confirm this code:')}
      </p>
      <p className="escape-SignIn-code">
        <code>{found.user_code}</code>
        <button
          className="escape-Row-action"
          title={trans.__('Copy the code')}
          aria-label={trans.__('Copy the code')}
          onClick={() => {
            Clipboard.copyToSystem(found.user_code);
            setCopied(true);
          }}
        >
          <copyIcon.react tag="span" />
        </button>
        {isCopied && <span role="status">{trans.__('Copied')}</span>}
      </p>
      <p className="escape-SignIn-hint">
        {trans.__('Waiting for your sign-in.')}{' '}
        <Left expires={signIn.expires} trans={trans} />
      </p>
    </>
  );
}

/** How long the code is still good. */
function Left(props: {
  expires: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((props.expires - now) / 1000));
  return (
    <span>
      {props.trans.__('The code is valid for %1.', formatDuration(seconds))}
    </span>
  );
}
