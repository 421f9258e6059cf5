import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { AgentError } from '../core/errors';
import { useSignals } from '../ui/signals';
import type { IGate } from './tokens';
import { wayOf } from './way';
import type { Way } from './way';

export interface INoticeProps {
  gate: IGate;
  trans: TranslationBundle;
  /** Show the dialog with a code. */
  onSignIn: (identity: string) => void;
}

/** One sentence about what is in the way, and the way out. */
export function Notice(props: INoticeProps): React.JSX.Element | null {
  const { gate, trans } = props;
  useSignals(gate.changed);
  const { error, way } = gate;
  if (!error || !way) {
    return null;
  }
  return (
    <div className="escape-Notice" role="alert">
      <span>{error.message}</span>{' '}
      {way.kind === 'wait' ? (
        <button className="escape-Link" onClick={() => void gate.check()}>
          {trans.__('Try again')}
        </button>
      ) : (
        <WayIn {...props} way={way} />
      )}
    </div>
  );
}

/** Whether the notice says already what an error would say once more. */
export function isSaid(gate: IGate, error: AgentError | null): boolean {
  return gate.error !== null && wayOf(error) !== null;
}

/** The link or button that begins a sign-in; nothing where one only waits. */
export function WayIn(props: {
  way: Way;
  trans: TranslationBundle;
  onSignIn: (identity: string) => void;
}): React.JSX.Element | null {
  const { way, trans, onSignIn } = props;
  switch (way.kind) {
    case 'link':
      return (
        <a
          className="escape-Link"
          href={way.url}
          target="_blank"
          rel="noopener noreferrer"
        >
          {trans.__('Sign in')}
        </a>
      );
    case 'code':
      return (
        <button className="escape-Link" onClick={() => onSignIn(way.identity)}>
          {trans.__('Sign in')}
        </button>
      );
    case 'wait':
      return null;
  }
}
