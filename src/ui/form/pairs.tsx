import { closeIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem } from './field';
import type { IFieldProps } from './field';
import type { Pair } from './pair';

/** Rows of key and value; a new one appears below the last. */
export function PairsField(
  props: IFieldProps & {
    value: readonly Pair[];
    /** Keys that others use. */
    keys?: readonly string[];
    trans: TranslationBundle;
    onChange: (value: readonly Pair[]) => void;
  }
): React.JSX.Element {
  const { label, value, trans, keys = [] } = props;
  const id = React.useId();
  const node = React.useRef<HTMLFieldSetElement>(null);
  const last = value.at(-1);
  const isFull = last === undefined || last[0] !== '' || last[1] !== '';
  const rows = isFull ? [...value, ['', ''] as const] : value;
  const put = (index: number, pair: Pair) =>
    props.onChange(rows.map((row, at) => (at === index ? pair : row)));
  const remove = (index: number) => {
    props.onChange(rows.filter((_, at) => at !== index));
    const inputs = node.current?.querySelectorAll('input');
    inputs?.[Math.max(0, 2 * index)]?.focus();
  };
  return (
    <fieldset className="escape-Field escape-Pairs" ref={node}>
      <legend className="escape-Field-label">{label}</legend>
      {rows.map(([key, text], index) => (
        <div className="escape-Pair" key={index}>
          <input
            type="text"
            className="jp-mod-styled"
            aria-label={trans.__('Key %1', index + 1)}
            placeholder={trans.__('key')}
            value={key}
            list={`${id}-keys`}
            spellCheck={false}
            autoComplete="off"
            onChange={event => put(index, [event.target.value, text])}
          />
          <input
            type="text"
            className="jp-mod-styled"
            aria-label={trans.__('Value %1', index + 1)}
            placeholder={trans.__('value')}
            value={text}
            spellCheck={false}
            autoComplete="off"
            onChange={event => put(index, [key, event.target.value])}
          />
          <button
            type="button"
            className="escape-Tool"
            title={trans.__('Remove')}
            aria-label={trans.__('Remove %1', key || index + 1)}
            disabled={key === '' && text === ''}
            onClick={() => remove(index)}
          >
            <closeIcon.react tag="span" />
          </button>
        </div>
      ))}
      <datalist id={`${id}-keys`}>
        {keys.map(key => (
          <option key={key} value={key} />
        ))}
      </datalist>
      {props.hint && <p className="escape-Field-hint">{props.hint}</p>}
      <Problem id={`${id}-problem`} problem={props.problem} />
    </fieldset>
  );
}
