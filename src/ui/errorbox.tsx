import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { AgentError } from '../core/errors';

export interface IErrorBoxProps {
  error: AgentError;
  trans: TranslationBundle;
  onAgain?: () => void;
  /** What the person may have meant, in place of the hint. */
  suggestion?: { text: string; onClick: () => void };
}

/** What happened, what to do, Try again, and Details to copy. */
export function ErrorBox(props: IErrorBoxProps): React.JSX.Element {
  const { error, trans, suggestion } = props;
  const [isCopied, setCopied] = React.useState(false);
  const copy = () => {
    void navigator.clipboard
      .writeText(error.report())
      .then(() => setCopied(true));
  };
  return (
    <div className="escape-ErrorBox" role="alert">
      <p className="escape-ErrorBox-message">{error.message}</p>
      {suggestion ? (
        <p className="escape-ErrorBox-hint">
          <button className="escape-Link" onClick={suggestion.onClick}>
            {trans.__('Did you mean %1?', suggestion.text)}
          </button>
        </p>
      ) : (
        error.hint && <p className="escape-ErrorBox-hint">{error.hint}</p>
      )}
      {props.onAgain && (
        <button
          className="jp-Button jp-mod-styled jp-mod-accept escape-Button"
          onClick={props.onAgain}
        >
          {trans.__('Try again')}
        </button>
      )}
      <details className="escape-ErrorBox-details">
        <summary>{trans.__('Details')}</summary>
        <pre tabIndex={0}>{error.report()}</pre>
        <button
          className="jp-Button jp-mod-styled jp-mod-reject escape-Button"
          onClick={copy}
        >
          {isCopied ? trans.__('Copied') : trans.__('Copy details')}
        </button>
      </details>
    </div>
  );
}
