import * as React from 'react';
import { Problem } from './field';
import type { IFieldProps } from './field';

export interface IChoice {
  value: string;
  label: string;
  /** The second line. */
  more?: string;
  /** Why it cannot be chosen. */
  obstacle?: string;
}

/** One of several things that need a second line to choose among. */
export function ChoiceField(
  props: IFieldProps & {
    value: string;
    choices: readonly IChoice[];
    onChange: (value: string) => void;
  }
): React.JSX.Element {
  const id = React.useId();
  const { label, hint, problem } = props;
  return (
    <fieldset
      className="escape-Field escape-Choices"
      aria-describedby={`${id}-hint ${id}-problem`}
    >
      <legend className="escape-Field-label">{label}</legend>
      <div className="escape-Choices-list">
        {props.choices.map(choice => (
          <label
            key={choice.value}
            className="escape-Choice"
            title={choice.obstacle}
          >
            <input
              type="radio"
              name={id}
              checked={choice.value === props.value}
              disabled={choice.obstacle !== undefined}
              onChange={() => props.onChange(choice.value)}
            />
            <span className="escape-Choice-text">
              <span>{choice.label}</span>
              {(choice.obstacle ?? choice.more) && (
                <span className="escape-Choice-more">
                  {choice.obstacle ?? choice.more}
                </span>
              )}
            </span>
          </label>
        ))}
      </div>
      {hint && (
        <p className="escape-Field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Problem id={`${id}-problem`} problem={problem} />
    </fieldset>
  );
}
