import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { Notice } from '../../signin/notice';
import { Headings } from '../outline/headings';
import { List } from '../outline/list';
import type { IOutlineRow } from '../outline/node';
import { useSignals } from '../signals';
import { Chips } from './chips';
import { insteadOfList } from './instead';
import type { IPanelLook } from './look';
import { Refreshing } from './refreshing';
import { SearchBox } from './searchbox';
import { Summary } from './summary';
import type { IPanelModel } from './tokens';

export interface IBrowseOptions<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

const LIST = 'escape-Browse-list';

/** The section that searches and lists. */
export class Browse<R extends IOutlineRow> extends ReactWidget {
  constructor(options: IBrowseOptions<R>) {
    super();
    this._options = options;
    this.addClass('escape-Browse');
    this.title.label = options.trans.__('Browse');
  }

  focusSearch(): void {
    this._input.current?.focus();
  }

  focusList(): void {
    const tree = this.node.querySelector<HTMLElement>('[role=tree]');
    (tree ?? this.node.querySelector<HTMLElement>(`.${LIST}`))?.focus();
  }

  protected render(): React.JSX.Element {
    return (
      <BrowseView
        {...this._options}
        input={this._input}
        onDone={() => this.focusList()}
      />
    );
  }

  private readonly _options: IBrowseOptions<R>;
  private readonly _input = React.createRef<HTMLInputElement>();
}

interface IBrowseViewProps<R extends IOutlineRow> extends IBrowseOptions<R> {
  input: React.RefObject<HTMLInputElement>;
  onDone: () => void;
}

function BrowseView<R extends IOutlineRow>(
  props: IBrowseViewProps<R>
): React.JSX.Element {
  const { model, look, trans, commands } = props;
  useSignals(model.changed);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const isField = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !isField && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      void commands.execute(look.commands.search);
    }
  };
  const Where = look.summary;
  const Below = look.below;
  return (
    <div className="escape-Browse-view" onKeyDown={onKeyDown}>
      <SearchBox {...props} inputRef={props.input} />
      {look.chips && (
        <Chips
          label={trans.__('Show')}
          value={model.type}
          options={look.chips}
          onChange={type => void model.setType(type)}
        />
      )}
      {Where ? (
        <Where onDone={props.onDone} />
      ) : (
        <Summary model={model} trans={trans} />
      )}
      <Notice
        gate={model.connection.gate}
        trans={trans}
        onSignIn={() => void commands.execute(look.commands.signIn)}
      />
      <Headings
        outline={model.outline}
        headings={look.list.headings()}
        trans={trans}
      />
      {/* The focus rests here while a sentence stands in place of the tree. */}
      <div className={LIST} tabIndex={-1}>
        <ListOrSentence {...props} />
        <Refreshing {...props} />
      </div>
      {Below && <Below />}
    </div>
  );
}

function ListOrSentence<R extends IOutlineRow>(
  props: IBrowseOptions<R>
): React.JSX.Element {
  const { model, look, trans } = props;
  const { outline, connection } = model;
  useSignals(model.changed, outline.tree.changed, connection.gate.changed);
  const instead = insteadOfList(props);
  return instead ? (
    <div className="escape-Instead">{instead}</div>
  ) : (
    <List
      outline={outline}
      look={look.list}
      gate={connection.gate}
      who={whoOf(props)}
      trans={trans}
    />
  );
}

/** Who is waited for. */
export function whoOf<R extends IOutlineRow>({
  model,
  look
}: IBrowseOptions<R>): string {
  return model.connection.instance?.title ?? look.words.who;
}
