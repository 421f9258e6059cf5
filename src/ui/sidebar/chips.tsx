import * as React from 'react';

export interface IChipsProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; title?: string }[];
  onChange: (value: T) => void;
}

/** One of a few: a radio group that looks like chips. */
export function Chips<T extends string>(
  props: IChipsProps<T>
): React.JSX.Element {
  const { options, value } = props;
  const group = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step =
      { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key] ??
      0;
    if (step === 0) {
      return;
    }
    event.preventDefault();
    const at = options.findIndex(option => option.value === value);
    const next = (at + step + options.length) % options.length;
    props.onChange(options[next].value);
    (group.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div
      className="escape-Chips"
      role="radiogroup"
      aria-label={props.label}
      onKeyDown={onKeyDown}
      ref={group}
    >
      {options.map(option => (
        <button
          key={option.value}
          className="escape-Chip"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          title={option.title}
          onClick={() => props.onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
