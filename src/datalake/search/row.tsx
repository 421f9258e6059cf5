import { closeIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IKey } from '../api';
import { OPERATORS } from './grammar';
import type { ICondition, Join, Operator } from './grammar';

const EXAMPLES = {
  size: '1.5GB',
  date: '2026-01-31',
  number: '12',
  flag: 'true',
  type: 'dataset',
  text: 'FITS*'
} as const;

export interface IRowProps {
  condition: ICondition;
  isFirst: boolean;
  /** Counts from one, for screen readers. */
  number: number;
  /** Of the list of keys. */
  listId: string;
  /** What the values of the key are, where that is known. */
  kind: IKey['kind'];
  trans: TranslationBundle;
  onChange: (condition: ICondition) => void;
  /** Null where there is nothing to remove. */
  onRemove: (() => void) | null;
}

/** One condition: and/or, key, operator, value. */
export function Row(props: IRowProps): React.JSX.Element {
  const { condition, isFirst, number, kind, trans, onChange, onRemove } = props;
  const { join, key, operator, value } = condition;
  return (
    <div
      className="escape-Refine-row"
      role="group"
      aria-label={trans.__('Condition %1', number)}
    >
      {isFirst ? (
        <span className="escape-Refine-join" />
      ) : (
        <select
          className="escape-Refine-join"
          aria-label={trans.__('Joined by')}
          value={join}
          onChange={event =>
            onChange({ ...condition, join: event.target.value as Join })
          }
        >
          <option value="and">{trans.__('and')}</option>
          <option value="or">{trans.__('or')}</option>
        </select>
      )}
      <input
        className="escape-Refine-key"
        aria-label={trans.__('Key')}
        placeholder={trans.__('key')}
        title={key}
        list={props.listId}
        spellCheck={false}
        autoComplete="off"
        value={key}
        onChange={event => onChange({ ...condition, key: event.target.value })}
      />
      <select
        className="escape-Refine-operator"
        aria-label={trans.__('Operator')}
        value={operator}
        onChange={event =>
          onChange({ ...condition, operator: event.target.value as Operator })
        }
      >
        {OPERATORS.map(one => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <input
        className="escape-Refine-value"
        aria-label={trans.__('Value')}
        placeholder={EXAMPLES[kind ?? 'text']}
        title={value}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={event =>
          onChange({ ...condition, value: event.target.value })
        }
      />
      <button
        type="button"
        className="escape-Refine-remove"
        aria-label={trans.__('Remove condition %1', number)}
        title={trans.__('Remove condition %1', number)}
        disabled={!onRemove}
        onClick={() => onRemove?.()}
      >
        <closeIcon.react tag="span" />
      </button>
    </div>
  );
}
