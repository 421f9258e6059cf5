import * as React from 'react';

export interface IEmptyProps {
  children: React.ReactNode;
  /** One thing to click. */
  action?: { label: string; onClick: () => void };
}

/** A sentence in the place of a list, and one thing to click. */
export function Empty(props: IEmptyProps): React.JSX.Element {
  return (
    <div className="escape-Empty">
      <p>{props.children}</p>
      {props.action && (
        <button
          className="jp-Button jp-mod-styled jp-mod-reject escape-Button"
          onClick={props.action.onClick}
        >
          {props.action.label}
        </button>
      )}
    </div>
  );
}
