import {
  ellipsesIcon,
  HTMLSelect,
  LabIcon,
  ReactWidget,
  refreshIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { wayOf } from '../../signin/way';
import { useSignals } from '../signals';
import type { IOutlineRow } from '../outline/node';
import type { IPanelLook } from './look';
import type { IHealth, IPanelModel } from './tokens';

export interface IAccountOptions<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Open the panel's menu at a place in the window. */
  onMenu: (x: number, y: number) => void;
}

/** The toolbar: which instance, as whom, how it is; refresh and the menu. */
export class Account<R extends IOutlineRow> extends ReactWidget {
  constructor(options: IAccountOptions<R>) {
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

  private readonly _options: IAccountOptions<R>;
}

/**
 * Plain buttons: Lab's own toolbar button carries ARIA attributes that its
 * element does not allow.
 */
function Buttons<R extends IOutlineRow>(
  props: IAccountOptions<R>
): React.JSX.Element {
  const { commands, look, trans } = props;
  return (
    <>
      {look.commands.tools?.map(id => (
        <Tool key={id} id={id} commands={commands} />
      ))}
      <button
        className="escape-Tool"
        title={trans.__('Refresh')}
        aria-label={trans.__('Refresh')}
        onClick={() => void commands.execute(look.commands.refresh)}
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

function Tool(props: {
  id: string;
  commands: CommandRegistry;
}): React.JSX.Element {
  const { id, commands } = props;
  const label = commands.label(id);
  const icon = commands.icon(id);
  return (
    <button
      className="escape-Tool"
      title={commands.caption(id)}
      aria-label={label}
      onClick={() => void commands.execute(id)}
    >
      <LabIcon.resolveReact icon={icon} tag="span" />
    </button>
  );
}

function View<R extends IOutlineRow>(
  props: IAccountOptions<R>
): React.JSX.Element {
  const { model, look, trans } = props;
  useSignals(model.changed);
  const { instance, instances, health } = model.connection;
  if (!instance) {
    return <span className="escape-Account-view">{look.words.service}</span>;
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
      {instances.length > 1 ? (
        <HTMLSelect
          className="escape-Account-select"
          aria-label={look.words.service}
          value={instance.name}
          options={instances.map(one => ({
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
