import {
  addIcon,
  closeIcon,
  filterIcon,
  searchIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IRefineProps } from '../../ui/sidebar/look';
import { useSignals } from '../../ui/signals';
import type { IKey } from '../api';
import type { IDatalake } from '../tokens';
import { beginOfConditions, parse, write } from './grammar';
import type { ICondition } from './grammar';
import { Row } from './row';

const EMPTY: ICondition = { join: 'and', key: '', operator: '=', value: '' };

interface IEditorProps extends IRefineProps {
  model: IDatalake;
  trans: TranslationBundle;
}

/** The conditions of a search as rows, below its text. */
export function refineFor(
  model: IDatalake,
  trans: TranslationBundle
): React.ComponentType<IRefineProps> {
  return function Refine(props) {
    useSignals(model.changed);
    return <Refinement {...props} model={model} trans={trans} />;
  };
}

/** A button that opens the editor; while it is closed, a chip for each condition. */
function Refinement(props: IEditorProps): React.JSX.Element {
  const { model, trans } = props;
  const [isOpen, setOpen] = React.useState(false);
  const id = React.useId();
  const listed = parse(model.text).conditions;
  const remove = (index: number) => {
    const left = listed.filter((_, at) => at !== index);
    void model.searchBy(write(left));
  };
  return (
    <div className="escape-Refine">
      <button
        className="escape-Refine-toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        title={trans.__('Search by metadata: key, operator, value')}
        onClick={() => setOpen(!isOpen)}
      >
        <filterIcon.react tag="span" className="escape-Refine-icon" />
        {trans.__('Conditions')}
      </button>
      {!isOpen && <Chips conditions={listed} trans={trans} onRemove={remove} />}
      <div id={id} hidden={!isOpen}>
        {isOpen && <Editor {...props} />}
      </div>
    </div>
  );
}

/** The conditions of what is listed. */
function Chips(props: {
  conditions: readonly ICondition[];
  trans: TranslationBundle;
  onRemove: (index: number) => void;
}): React.JSX.Element {
  const { conditions, trans, onRemove } = props;
  return (
    <>
      {conditions.map((condition, index) => {
        const text = write([condition]);
        const or = index > 0 && condition.join === 'or';
        return (
          <React.Fragment key={index}>
            {or && <span className="escape-Refine-or">{trans.__('or')}</span>}
            <span className="escape-Refine-chip" title={text}>
              <span className="escape-Refine-text">{text}</span>
              <button
                className="escape-Refine-remove"
                aria-label={trans.__('Remove %1', text)}
                title={trans.__('Remove %1', text)}
                onClick={() => onRemove(index)}
              >
                <closeIcon.react tag="span" />
              </button>
            </span>
          </React.Fragment>
        );
      })}
    </>
  );
}

/** Rows that stand for the text, and write it. */
function Editor(props: IEditorProps): React.JSX.Element {
  const { model, trans, text, onEdit, onSearch } = props;
  const keys = useKeys(model);
  const listId = React.useId();
  const { target, conditions, mistake } = parse(text);
  // A row that is not whole yet is not in the text, and must not be lost.
  const [draft, setDraft] = React.useState<IDraft | null>(null);
  const isDraft = draft !== null && draft.text === text;
  const rows = isDraft ? draft.rows : conditions;
  const shown = rows.length > 0 ? rows : [EMPTY];
  const edit = (next: readonly ICondition[]) => {
    const whole = next.filter(isWhole);
    const written = [target, write(whole)].filter(Boolean).join(' ');
    setDraft({ text: written, rows: next });
    onEdit(written);
  };
  const search = () => onSearch(text);
  return (
    <form
      className="escape-Refine-form"
      aria-label={trans.__('Conditions')}
      onSubmit={event => {
        event.preventDefault();
        search();
      }}
    >
      {model.isHome && !target.includes(':') && (
        <p className="escape-Refine-hint">
          {trans.__('Choose a scope first, or type it in the field above.')}
        </p>
      )}
      {mistake !== null && !isDraft && (
        <p className="escape-Refine-mistake" role="status">
          {trans.__(
            'The text cannot be read from “%1”.',
            text.slice(mistake) || text.slice(beginOfConditions(text))
          )}
        </p>
      )}
      {shown.map((condition, index) => (
        <Row
          key={index}
          condition={condition}
          isFirst={index === 0}
          number={index + 1}
          listId={listId}
          kind={keys.find(({ key }) => key === condition.key)?.kind ?? null}
          trans={trans}
          onChange={changed =>
            edit(shown.map((one, at) => (at === index ? changed : one)))
          }
          onRemove={
            rows.length > 0
              ? () => edit(shown.filter((_, at) => at !== index))
              : null
          }
        />
      ))}
      <datalist id={listId}>
        {keys.map(({ key }) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <div className="escape-Refine-buttons">
        <button
          type="button"
          className="escape-Refine-toggle"
          onClick={() => edit([...shown, EMPTY])}
        >
          <addIcon.react tag="span" className="escape-Refine-icon" />
          {trans.__('Add')}
        </button>
        <button type="submit" className="escape-Refine-toggle">
          <searchIcon.react tag="span" className="escape-Refine-icon" />
          {trans.__('Search')}
        </button>
      </div>
    </form>
  );
}

/** Rows as they were edited, and the text that they stood for then. */
interface IDraft {
  text: string;
  rows: readonly ICondition[];
}

function isWhole({ key, value }: ICondition): boolean {
  return key !== '' && value !== '';
}

/** The keys of the instance; none until they are there, or if they cannot be had. */
function useKeys(model: IDatalake): readonly IKey[] {
  const [keys, setKeys] = React.useState<readonly IKey[]>([]);
  const instance = model.connection.instance?.name;
  React.useEffect(() => {
    let isCurrent = true;
    model.keys().then(
      found => isCurrent && setKeys(found),
      // A search needs no completion.
      () => undefined
    );
    return () => {
      isCurrent = false;
    };
  }, [model, instance]);
  return keys;
}
