import * as React from 'react';
import { formatPercent } from './format';

export interface IProgressProps {
  label: string;
  /** 0…1, or null while the end is not known. */
  fraction: number | null;
  /** What has become of it, for the colour. */
  state?: 'running' | 'failed' | 'cancelled';
}

export function Progress(props: IProgressProps): React.JSX.Element {
  const { fraction } = props;
  const percent = fraction === null ? undefined : Math.floor(fraction * 100);
  return (
    <div
      className="escape-Progress"
      data-state={props.state ?? 'running'}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={fraction === null ? undefined : formatPercent(fraction)}
    >
      <div
        className={
          fraction === null
            ? 'escape-Progress-bar escape-mod-unknown'
            : 'escape-Progress-bar'
        }
        style={fraction === null ? undefined : { width: `${fraction * 100}%` }}
      />
    </div>
  );
}
