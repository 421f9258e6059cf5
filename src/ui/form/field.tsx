import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IFieldProps {
  label: string;
  /** What is wrong with it; an empty sentence says nothing. */
  problem?: string;
  /** What to know before filling it in. */
  hint?: React.ReactNode;
}

/** What ties an input to its label, hint and problem. */
export interface IFieldIds {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

/** A label above an input, what to know about it, and what is wrong with it. */
export function Field(
  props: IFieldProps & { children: (ids: IFieldIds) => React.ReactNode }
): React.JSX.Element {
  const id = React.useId();
  const { label, problem, hint } = props;
  const says = [hint && `${id}-hint`, problem && `${id}-problem`];
  const described = says.filter(Boolean).join(' ');
  return (
    <div className="escape-Field">
      <label className="escape-Field-label" htmlFor={id}>
        {label}
      </label>
      {props.children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': !!problem
      })}
      {hint && (
        <p className="escape-Field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Problem id={`${id}-problem`} problem={problem} />
    </div>
  );
}

/** Read out when it appears. */
export function Problem(props: {
  id: string;
  problem?: string;
}): React.JSX.Element {
  return (
    <div role="status" id={props.id}>
      {props.problem && <p className="escape-Field-problem">{props.problem}</p>}
    </div>
  );
}

export function TextField(
  props: IFieldProps & {
    value: string;
    placeholder?: string;
    onChange: (value: string) => void;
  }
): React.JSX.Element {
  return (
    <Field {...props}>
      {ids => (
        <input
          {...ids}
          type="text"
          className="jp-mod-styled"
          value={props.value}
          placeholder={props.placeholder}
          spellCheck={false}
          autoComplete="off"
          onChange={event => props.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** A whole number from 1, and what it counts; empty is null. */
export function NumberField(
  props: IFieldProps & {
    value: number | null;
    unit?: string;
    most?: number;
    onChange: (value: number | null) => void;
  }
): React.JSX.Element {
  return (
    <Field {...props}>
      {ids => (
        <span className="escape-Field-measure">
          <input
            {...ids}
            type="number"
            className="jp-mod-styled"
            min={1}
            max={props.most}
            step={1}
            value={props.value ?? ''}
            onChange={event => {
              const { value } = event.target;
              props.onChange(value === '' ? null : Number(value));
            }}
          />
          {props.unit}
        </span>
      )}
    </Field>
  );
}

/** One of a few words. */
export function SelectField<T extends string>(
  props: IFieldProps & {
    value: T;
    choices: readonly { value: T; label: string }[];
    onChange: (value: T) => void;
  }
): React.JSX.Element {
  return (
    <Field {...props}>
      {ids => (
        <HTMLSelect
          {...ids}
          value={props.value}
          options={[...props.choices]}
          onChange={event => props.onChange(event.target.value as T)}
        />
      )}
    </Field>
  );
}

export function CheckField(props: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}): React.JSX.Element {
  return (
    <label className="escape-Field escape-Field-check">
      <input
        type="checkbox"
        checked={props.value}
        onChange={event => props.onChange(event.target.checked)}
      />
      {props.label}
    </label>
  );
}
