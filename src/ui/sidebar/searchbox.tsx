import { searchIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { matchingScopes } from '../../datalake/query';
import type { IDatalake } from '../../datalake/tokens';

/** More completions than this are no help. */
const MOST = 40;

export interface ISearchBoxProps {
  model: IDatalake;
  trans: TranslationBundle;
  /** Where the focus goes when the search is done. */
  onDone: () => void;
  inputRef: React.RefObject<HTMLInputElement>;
}

/**
 * The search field. Typing completes scopes only, from what is known already;
 * Enter searches. Nothing is asked of Rucio while a person types.
 */
export function SearchBox(props: ISearchBoxProps): React.JSX.Element {
  const { model, trans } = props;
  const { query } = model;
  const [text, setText] = React.useState(model.filter);
  const [isOpen, setOpen] = React.useState(false);
  const [chosen, setChosen] = React.useState(-1);

  // The field shows what is listed, however it came to be listed; but never in
  // place of what a person is typing.
  const [isTyping, setTyping] = React.useState(false);
  const listed =
    model.pending ??
    (query
      ? `${query.scope}:${query.pattern === '*' ? '' : query.name}`
      : model.filter);
  React.useEffect(() => {
    if (!isTyping) {
      setText(listed);
    }
  }, [listed, isTyping]);

  const word = text.trim();
  const canComplete = isOpen && !word.includes(':') && !word.includes('*');
  const matches = canComplete
    ? matchingScopes(word, model.scopes).slice(0, MOST)
    : [];
  const isListOpen = matches.length > 0;

  const complete = (scope: string) => {
    setOpen(false);
    setChosen(-1);
    setTyping(false);
    void model.openScope(scope);
    props.inputRef.current?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
        if (isListOpen) {
          setChosen(Math.min(matches.length - 1, chosen + 1));
        } else if (word !== '' || model.scopes.length === 0) {
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
          setOpen(false);
          setTyping(false);
          void model.search(text);
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

  const optionId = (index: number) => `escape-datalake-scope-${index}`;
  const placeholder = query
    ? trans.__('Search in %1', query.scope)
    : trans.__('scope:name');
  return (
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
        placeholder={placeholder}
        aria-label={trans.__('Search the data lake')}
        aria-autocomplete="list"
        aria-expanded={isListOpen}
        aria-controls="escape-datalake-scopes"
        aria-activedescendant={
          isListOpen && chosen >= 0 ? optionId(chosen) : undefined
        }
        title={trans.__(
          'Type the beginning of a name and press Enter. Type scope:name to search another scope.'
        )}
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
        id="escape-datalake-scopes"
        className="escape-Search-list"
        role="listbox"
        aria-label={trans.__('Scopes')}
        hidden={!isListOpen}
      >
        {matches.map((scope, index) => (
          <li
            key={scope}
            id={optionId(index)}
            role="option"
            aria-selected={index === chosen}
            className="escape-Search-option"
            title={scope}
            // Not click: the field would lose the focus and close the list.
            onMouseDown={event => {
              event.preventDefault();
              complete(scope);
            }}
          >
            {scope}
          </li>
        ))}
      </ul>
    </div>
  );
}
