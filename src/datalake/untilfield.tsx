import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Field, SelectField } from '../ui/form/field';
import { dateText, keepChoices } from './lifetime';
import type { IUntil } from './lifetime';

/** Until when: a few usual answers, or a date. */
export function UntilField(props: {
  label: string;
  value: IUntil;
  problem?: string;
  hint?: string;
  trans: TranslationBundle;
  onChange: (value: IUntil) => void;
}): React.JSX.Element {
  const { value, trans, onChange } = props;
  const isDate = value.keep === 'date';
  return (
    <div className="escape-Field-row">
      <SelectField
        label={props.label}
        hint={props.hint}
        value={value.keep}
        choices={keepChoices(trans)}
        onChange={keep => onChange({ ...value, keep })}
      />
      {isDate && (
        <Field label={trans.__('Date')} problem={props.problem}>
          {ids => (
            <input
              {...ids}
              type="date"
              className="jp-mod-styled"
              value={value.date}
              min={dateText(new Date())}
              onChange={event =>
                onChange({ ...value, date: event.target.value })
              }
            />
          )}
        </Field>
      )}
    </div>
  );
}
