import * as React from 'react';
import { useSignals } from '../ui/signals';
import type { IDatalake } from './tokens';

/** Below the list: what could not be read of the rows on show, and why. */
export function Unknown({
  model
}: {
  model: IDatalake;
}): React.JSX.Element | null {
  const { states } = model;
  useSignals(states.changed);
  return states.note ? (
    <p className="escape-Browse-note" role="status" title={states.note}>
      {states.note}
    </p>
  ) : null;
}
