import * as React from 'react';
import { Field } from './field';
import type { IFieldProps } from './field';

/** More completions than this are no help. */
const MOST = 30;

/** What a text may become. */
export interface ICompletion {
  /** The whole text that it becomes. */
  text: string;
  /** What is shown; the text itself where nothing is said. */
  label?: string;
  /** A few words on it. */
  more?: string;
}

/** A text field that shows what the text may become, as a combobox. */
export function CompletingField(
  props: IFieldProps & {
    value: string;
    placeholder?: string;
    completions: readonly ICompletion[];
    onChange: (value: string) => void;
  }
): React.JSX.Element {
  const [isOpen, setOpen] = React.useState(false);
  const [chosen, setChosen] = React.useState(-1);
  const listId = React.useId();
  const chosenRef = React.useRef<HTMLLIElement>(null);
  const matches = isOpen
    ? props.completions.filter(one => one.text !== props.value).slice(0, MOST)
    : [];
  const isListOpen = matches.length > 0;
  const at = Math.min(chosen, matches.length - 1);
  React.useEffect(() => {
    chosenRef.current?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const take = (completion: ICompletion) => {
    setOpen(false);
    setChosen(-1);
    props.onChange(completion.text);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
        setOpen(true);
        setChosen(isListOpen ? Math.min(matches.length - 1, at + 1) : -1);
        break;
      case 'ArrowUp':
        setChosen(Math.max(-1, at - 1));
        break;
      case 'Enter':
        if (isListOpen && at >= 0) {
          take(matches[at]);
        }
        setOpen(false);
        break;
      case 'Escape':
        setOpen(false);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const optionId = (index: number) => `${listId}-${index}`;
  return (
    <Field {...props}>
      {ids => (
        <div className="escape-Completing">
          <input
            {...ids}
            type="text"
            className="jp-mod-styled"
            role="combobox"
            value={props.value}
            placeholder={props.placeholder}
            spellCheck={false}
            autoComplete="off"
            aria-autocomplete="list"
            aria-expanded={isListOpen}
            aria-controls={listId}
            aria-activedescendant={
              isListOpen && at >= 0 ? optionId(at) : undefined
            }
            onChange={event => {
              props.onChange(event.target.value);
              setOpen(true);
              setChosen(-1);
            }}
            onClick={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={onKeyDown}
          />
          <ul
            id={listId}
            className="escape-Search-list"
            role="listbox"
            aria-label={props.label}
            hidden={!isListOpen}
          >
            {matches.map((match, index) => (
              <li
                key={match.text}
                id={optionId(index)}
                ref={index === at ? chosenRef : undefined}
                role="option"
                aria-selected={index === at}
                className="escape-Search-option"
                title={match.text}
                // Not click: the field would lose the focus and close the list.
                onMouseDown={event => {
                  event.preventDefault();
                  take(match);
                }}
              >
                <span>{match.label ?? match.text}</span>
                {match.more && (
                  <span className="escape-Completing-more">{match.more}</span>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Field>
  );
}
