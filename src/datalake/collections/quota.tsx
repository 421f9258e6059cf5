import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Draft } from '../../ui/form/draft';
import { Outcome } from '../../ui/form/outcome';
import { Progress } from '../../ui/progress';
import type { IAccount } from '../api';
import type { Lake } from '../lake';
import { quotaViews } from './words';

export interface IQuotaOptions {
  lake: Lake;
  trans: TranslationBundle;
}

/** Show how much the account stores, and may store, at each RSE. */
export async function showQuota(options: IQuotaOptions): Promise<void> {
  const { lake, trans } = options;
  const draft = new Draft<object, IAccount>({
    value: {},
    plan: (_, signal) => lake.account(signal),
    submit: () => Promise.resolve()
  });
  const dialog = new Dialog({
    title: trans.__('My quota'),
    body: ReactWidget.create(<View draft={draft} trans={trans} />),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
  dialog.addClass('escape-FormDialog');
  dialog.node.setAttribute('aria-label', trans.__('My quota'));
  await dialog.launch().catch(() => undefined);
  draft.dispose();
}

function View(props: {
  draft: Draft<object, IAccount>;
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <UseSignal signal={props.draft.changed}>
      {() => (
        <div className="escape-Form-body">
          {props.draft.plan && (
            <Quotas account={props.draft.plan} trans={props.trans} />
          )}
          <Outcome
            {...props}
            who={props.trans.__('the data lake')}
            lines={({ note }) =>
              note ? [{ kind: 'warning', text: note }] : []
            }
          />
        </div>
      )}
    </UseSignal>
  );
}

function Quotas(props: {
  account: IAccount;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { account, trans } = props;
  const views = quotaViews(account, trans);
  return (
    <>
      <p className="escape-Field">
        {account.unlimited
          ? trans.__('The account %1 has no limits.', account.account)
          : trans.__('What the rules of the account %1 keep.', account.account)}
      </p>
      {views.length === 0 && <p>{trans.__('It has no quota at any RSE.')}</p>}
      <ul className="escape-Quotas" aria-label={trans.__('Quotas')}>
        {views.map(({ label, text, fraction, isFull }) => (
          <li key={label}>
            <strong>{label}</strong>
            <span>{text}</span>
            {fraction !== null && (
              <Progress
                label={label}
                fraction={fraction}
                state={isFull ? 'failed' : 'running'}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
