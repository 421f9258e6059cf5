import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { TypeFilter } from '../../datalake/query';
import type { IJobs } from '../../core/tokens';
import { Notice } from '../../signin/notice';
import { Chips } from './chips';
import { useSignals } from '../signals';
import { CommandIDs } from '../../datalake/commandids';
import { Headings } from '../outline/headings';
import { List } from '../outline/list';
import { Refreshing } from './refreshing';
import { SearchBox } from './searchbox';
import { Summary } from '../../datalake/summary';
import type { IDatalake } from '../../datalake/tokens';

export interface IBrowseOptions {
  model: IDatalake;
  jobs: IJobs;
  commands: CommandRegistry;
  trans: TranslationBundle;
  onDrag: (event: MouseEvent) => void;
  /** Somebody wants to choose how to get: shown at this place of the window. */
  onGetHow: (x: number, y: number) => void;
}

const LIST = 'escape-Browse-list';

/** The section that searches and lists the lake. */
export class Browse extends ReactWidget {
  constructor(options: IBrowseOptions) {
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

  private readonly _options: IBrowseOptions;
  private readonly _input = React.createRef<HTMLInputElement>();
}

interface IBrowseViewProps extends IBrowseOptions {
  input: React.RefObject<HTMLInputElement>;
  onDone: () => void;
}

function BrowseView(props: IBrowseViewProps): React.JSX.Element {
  const { model, trans, commands } = props;
  useSignals(model.changed);
  const types: { value: TypeFilter; label: string }[] = [
    { value: 'all', label: trans.__('all') },
    { value: 'container', label: trans.__('containers') },
    { value: 'dataset', label: trans.__('datasets') },
    { value: 'file', label: trans.__('files') }
  ];
  const onKeyDown = (event: React.KeyboardEvent) => {
    const isField = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !isField && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      void commands.execute(CommandIDs.search);
    }
  };
  return (
    <div className="escape-Browse-view" onKeyDown={onKeyDown}>
      <SearchBox
        model={model}
        trans={trans}
        inputRef={props.input}
        onDone={props.onDone}
      />
      <Chips
        label={trans.__('Show')}
        value={model.type}
        options={types}
        onChange={type => void model.setType(type)}
      />
      <Summary model={model} trans={trans} onDone={props.onDone} />
      <Notice
        gate={model.gate}
        trans={trans}
        onSignIn={() => void commands.execute(CommandIDs.signIn)}
      />
      <Headings model={model} trans={trans} />
      {/* The focus rests here while a sentence stands in place of the tree. */}
      <div className={LIST} tabIndex={-1}>
        <List {...props} />
        <Refreshing model={model} trans={trans} />
      </div>
    </div>
  );
}
