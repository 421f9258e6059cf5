import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useSignals } from '../signals';
import type { Column } from './order';
import type { IDatalake } from '../../datalake/tokens';

/** The column headings, which sort; nothing where there are only scopes. */
export function Headings(props: {
  model: IDatalake;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { model, trans } = props;
  useSignals(model.changed);
  if (model.view === 'scopes') {
    return null;
  }
  const { order } = model;
  const Caret = order.isReversed ? caretDownIcon : caretUpIcon;
  const heading = (column: Column, label: string, title: string) => {
    const isOn = order.by === column;
    const name =
      isOn && order.isReversed ? trans.__('%1, reversed', title) : title;
    return (
      <button
        className={`escape-Heading escape-mod-${column}`}
        title={name}
        aria-label={name}
        aria-pressed={isOn}
        onClick={() => model.sortBy(column)}
      >
        <span>{label}</span>
        {isOn && <Caret.react tag="span" className="escape-Heading-caret" />}
      </button>
    );
  };
  return (
    <div className="escape-Headings" role="group" aria-label={trans.__('Sort')}>
      {heading('name', trans.__('Name'), trans.__('Sort by name'))}
      {heading('size', trans.__('Size'), trans.__('Sort by size'))}
      {heading('state', trans.__('State'), trans.__('Sort by state'))}
    </div>
  );
}
