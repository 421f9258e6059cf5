import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IOutlineRow } from '../outline/node';
import type { IPanelLook } from './look';
import type { IPanelModel } from './tokens';

/** More completions than this are no help. */
const MOST = 40;

export interface ISearchBoxProps<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  /** Where the focus goes when the search is done. */
  onDone: () => void;
  inputRef: React.RefObject<HTMLInputElement>;
}

/**
 * The search field. Typing completes from what is known already, Enter
 * searches. Nothing is asked of the service while a person types.
 */
export function SearchBox<R extends IOutlineRow>(
  props: ISearchBoxProps<R>
): React.JSX.Element {
  const { model, look } = props;
  const { words, id } = look;
  const listed = model.text;
  const [text, setText] = React.useState(listed);
  const [isOpen, setOpen] = React.useState(false);
  const [chosen, setChosen] = React.useState(-1);

  // The field shows what is listed, however it came to be listed; but never in
  // place of what a person is typing.
  const [isTyping, setTyping] = React.useState(false);
  React.useEffect(() => {
    if (!isTyping) {
      setText(listed);
    }
  }, [listed, isTyping]);

  const complete = (completion: string) => {
    setOpen(false);
    setChosen(-1);
    setTyping(false);
    void model.complete(completion);
    props.inputRef.current?.focus();
  };
  const matches = isOpen ? model.completions(text).slice(0, MOST) : [];
  const isListOpen = matches.length > 0;

  const onKeyDown = (event: React.KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
        if (isListOpen) {
          setChosen(Math.min(matches.length - 1, chosen + 1));
        } else if (text.trim() !== '' || model.completions('').length === 0) {
          props.onDone();
        } else {
          setOpen(true);
          setChosen(0);
        }
        break;
      case 'ArrowUp':
        setChosen(Math.max(-1, chosen - 1));
        break;
      case 'Enter':
        if (isListOpen && chosen >= 0) {
          complete(matches[chosen]);
        } else {
          onSearch(text);
        }
        break;
      case 'Escape':
        if (isListOpen) {
          setOpen(false);
          setChosen(-1);
        } else if (text !== listed) {
          setTyping(false);
          setText(listed);
        } else {
          props.onDone();
        }
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const onSearch = (wanted: string) => {
    setText(wanted);
    setOpen(false);
    setTyping(false);
    void model.search(wanted);
  };
  const Refine = look.refine;
  const optionId = (index: number) => `${id}-completion-${index}`;
  return (
    <>
      <div className="escape-Search">
        <searchIcon.react className="escape-Search-icon" tag="span" />
        <input
          ref={props.inputRef}
          className="escape-Search-input"
          type="text"
          role="combobox"
          spellCheck={false}
          autoComplete="off"
          value={text}
          placeholder={look.placeholder()}
          aria-label={words.search}
          aria-autocomplete="list"
          aria-expanded={isListOpen}
          aria-controls={`${id}-completions`}
          aria-activedescendant={
            isListOpen && chosen >= 0 ? optionId(chosen) : undefined
          }
          title={words.searchHint}
          onChange={event => {
            setText(event.target.value);
            setTyping(true);
            setOpen(event.target.value.trim() !== '');
            setChosen(-1);
          }}
          onFocus={event => event.target.select()}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        <ul
          id={`${id}-completions`}
          className="escape-Search-list"
          role="listbox"
          aria-label={words.completions}
          hidden={!isListOpen}
        >
          {matches.map((match, index) => (
            <li
              key={match}
              id={optionId(index)}
              role="option"
              aria-selected={index === chosen}
              className="escape-Search-option"
              title={match}
              // Not click: the field would lose the focus and close the list.
              onMouseDown={event => {
                event.preventDefault();
                complete(match);
              }}
            >
              {match}
            </li>
          ))}
        </ul>
      </div>
      {Refine && (
        <Refine
          text={text}
          onEdit={edited => {
            setText(edited);
            setTyping(true);
          }}
          onSearch={onSearch}
        />
      )}
    </>
  );
}
