import { HTMLSelect, ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useSignals } from '../ui/signals';
import type { IDatalake, IHealth } from './tokens';

/** In the toolbar: which lake, as whom, and how it is. */
export class Account extends ReactWidget {
  constructor(model: IDatalake, trans: TranslationBundle) {
    super();
    this._model = model;
    this._trans = trans;
    this.addClass('escape-Account');
  }

  protected render(): React.JSX.Element {
    return <View model={this._model} trans={this._trans} />;
  }

  private readonly _model: IDatalake;
  private readonly _trans: TranslationBundle;
}

function View(props: {
  model: IDatalake;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const { instance, health } = model;
  if (!instance) {
    return <span>{trans.__('Data lake')}</span>;
  }
  const account = health.whoami?.account ?? instance.account;
  const word = wordOf(health, trans);
  const title = [
    instance.title,
    instance.url,
    trans.__('Account %1', account),
    health.error ? `${health.error.message} ${health.error.hint}` : word
  ].join('\n');
  return (
    <div className="escape-Account-view" title={title}>
      {model.instances.length > 1 ? (
        <HTMLSelect
          className="escape-Account-select"
          aria-label={trans.__('Data lake')}
          value={instance.name}
          options={model.instances.map(one => ({
            label: one.title,
            value: one.name
          }))}
          onChange={event => void model.useInstance(event.target.value)}
        />
      ) : (
        <span className="escape-Account-name">{instance.title}</span>
      )}
      <span className="escape-Account-account">{account}</span>
      <span className="escape-Health" data-state={health.state}>
        <span className="escape-Health-dot" aria-hidden="true" />
        {word}
      </span>
    </div>
  );
}

function wordOf(health: IHealth, trans: TranslationBundle): string {
  switch (health.state) {
    case 'checking':
      return trans.__('checking');
    case 'connected':
      return trans.__('ok');
    case 'slow':
      return trans.__('slow');
    case 'failed':
      return health.error?.code.includes('auth')
        ? trans.__('sign in')
        : trans.__('down');
  }
}
