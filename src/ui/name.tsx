import * as React from 'react';
import { oneLine, splitName } from './elide';

/** A name that loses its middle, never its end, when room is short. */
export function Name({ name }: { name: string }): React.JSX.Element {
  const [head, tail] = splitName(oneLine(name));
  return (
    <span className="escape-Name">
      <span className="escape-Name-head">{head}</span>
      {tail && <span className="escape-Name-tail">{tail}</span>}
    </span>
  );
}
