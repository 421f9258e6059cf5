import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useElapsed } from './signals';

/** A delay shorter than this is not noticed. */
export const NOTICED_MS = 300;

/** Later than this a person wants to know whom they wait for. */
export const LONG_MS = 3000;

export interface IWaitingProps {
  since: number;
  /** Who is being waited for. */
  who: string;
  trans: TranslationBundle;
  /** How many rows shimmer. */
  rows: number;
  onCancel?: () => void;
}

/** Rows that shimmer in place; after a while who is waited for, and Cancel. */
export function Waiting(props: IWaitingProps): React.JSX.Element | null {
  const elapsed = useElapsed(props.since, [NOTICED_MS, LONG_MS]);
  if (elapsed < NOTICED_MS) {
    return null;
  }
  const isLong = elapsed >= LONG_MS;
  const rows = Array.from({ length: isLong ? props.rows - 1 : props.rows });
  return (
    <div className="escape-Waiting">
      {isLong && (
        <div className="escape-Waiting-long" role="status">
          <span className="escape-Waiting-who">
            {props.trans.__('Waiting for %1…', props.who)}
          </span>
          {props.onCancel && (
            <button className="escape-Link" onClick={props.onCancel}>
              {props.trans.__('Cancel')}
            </button>
          )}
        </div>
      )}
      {rows.map((_, index) => (
        <div className="escape-Waiting-row" aria-hidden="true" key={index}>
          <span />
        </div>
      ))}
    </div>
  );
}
