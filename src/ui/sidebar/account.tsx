import {
  ellipsesIcon,
  HTMLSelect,
  ReactWidget,
  refreshIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { wayOf } from '../../signin/way';
import { useSignals } from '../signals';
import { CommandIDs } from '../../datalake/commandids';
import type { IDatalake, IHealth } from '../../datalake/tokens';

export interface IAccountOptions {
  model: IDatalake;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Open the panel's menu at a place in the window. */
  onMenu: (x: number, y: number) => void;
}

/** The toolbar: which lake, as whom, how it is; refresh and the menu. */
export class Account extends ReactWidget {
  constructor(options: IAccountOptions) {
    super();
    this._options = options;
    this.addClass('escape-Account');
  }

  protected render(): React.JSX.Element {
    return (
      <>
        <View {...this._options} />
        <Buttons {...this._options} />
      </>
    );
  }

  private readonly _options: IAccountOptions;
}

/**
 * Plain buttons: Lab's own toolbar button carries ARIA attributes that its
 * element does not allow.
 */
function Buttons(props: IAccountOptions): React.JSX.Element {
  const { commands, trans } = props;
  return (
    <>
      <button
        className="escape-Tool"
        title={trans.__('Refresh')}
        aria-label={trans.__('Refresh')}
        onClick={() => void commands.execute(CommandIDs.refresh)}
      >
        <refreshIcon.react tag="span" />
      </button>
      <button
        className="escape-Tool"
        title={trans.__('Menu')}
        aria-label={trans.__('Menu')}
        aria-haspopup="menu"
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect();
          props.onMenu(box.left, box.bottom);
        }}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </>
  );
}

function View(props: IAccountOptions): React.JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const { instance, health } = model;
  if (!instance) {
    return <span className="escape-Account-view">{trans.__('Data lake')}</span>;
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
      if (['link', 'code'].includes(wayOf(health.error)?.kind ?? '')) {
        return trans.__('sign in');
      }
      // A wrong password is fixed in the configuration, not by signing in.
      return health.error?.code.includes('auth')
        ? trans.__('refused')
        : trans.__('down');
  }
}
