import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IJobs } from '../core/tokens';
import { useSignals } from '../ui/signals';
import { statusText } from './words';

/** In the status bar: how many jobs, how far, how fast. */
export class ActivityStatus extends ReactWidget {
  constructor(options: {
    jobs: IJobs;
    trans: TranslationBundle;
    onClick: () => void;
  }) {
    super();
    this._options = options;
    this.addClass('jp-mod-highlighted');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: {
    jobs: IJobs;
    trans: TranslationBundle;
    onClick: () => void;
  };
}

function View(props: {
  jobs: IJobs;
  trans: TranslationBundle;
  onClick: () => void;
}): React.JSX.Element {
  useSignals(props.jobs.changed);
  return (
    <button
      className="escape-Status"
      title={props.trans.__('Show activity')}
      onClick={props.onClick}
    >
      {statusText(props.jobs.active)}
    </button>
  );
}
