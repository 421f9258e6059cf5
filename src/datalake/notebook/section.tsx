import { closeIcon, editIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { Empty } from '../../ui/empty';
import { getIcon, insertIcon } from '../../ui/icons';
import { Name } from '../../ui/name';
import { State } from '../../ui/outline/cells';
import { useSignals } from '../../ui/signals';
import { CommandIDs } from '../commandids';
import { acceptDrop } from '../drag';
import type { DataActions } from './actions';
import type { Attached, IEntry } from './attached';
import type { Attachments } from './attachments';
import { NotebookCommandIDs } from './commandids';
import { didOf } from './metadata';
import { problemOf } from './names';
import type { ISectionOptions } from './tokens';
import { describeEntry } from './words';
import type { IEntryView, Remedy } from './words';

export interface INotebookSectionOptions extends ISectionOptions {
  attachments: Attachments;
  actions: DataActions;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The section that shows the data of the notebook at hand. */
export class NotebookSection extends ReactWidget {
  constructor(options: INotebookSectionOptions) {
    super();
    this._options = options;
    const { attachments, actions } = options;
    this.addClass('escape-Attached');
    attachments.currentChanged.connect(this._follow, this);
    this._follow();
    this._drop = acceptDrop(this.node, rows => {
      void actions.attach(rows, options.selected().instance);
    });
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.attachments.currentChanged.disconnect(this._follow, this);
      this._current?.changed.disconnect(this._updateTitle, this);
      this._drop.dispose();
      super.dispose();
    }
  }

  protected onActivateRequest(_: Message): void {
    this.node.querySelector<HTMLElement>('button')?.focus();
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private _follow(): void {
    this._current?.changed.disconnect(this._updateTitle, this);
    this._current = this._options.attachments.current;
    this._current?.changed.connect(this._updateTitle, this);
    this._updateTitle();
  }

  private _updateTitle(): void {
    const { trans } = this._options;
    const count = this._current?.entries.length ?? 0;
    const title = trans.__('In this notebook');
    this.title.label = count ? trans.__('%1 (%2)', title, count) : title;
  }

  private readonly _options: INotebookSectionOptions;
  private readonly _drop: IDisposable;
  private _current: Attached | null = null;
}

function View(props: INotebookSectionOptions): React.JSX.Element {
  const { attachments } = props;
  useSignals(attachments.currentChanged);
  const { current } = attachments;
  return current ? (
    <List {...props} attached={current} />
  ) : (
    <Nothing {...props} isNotebook={false} />
  );
}

function List(
  props: INotebookSectionOptions & { attached: Attached }
): React.JSX.Element {
  const { attached, trans } = props;
  useSignals(attached.changed);
  const [renamed, setRenamed] = React.useState<string | null>(null);
  const { entries } = attached;
  if (entries.length === 0) {
    return <Nothing {...props} isNotebook={true} />;
  }
  return (
    <ul
      className="escape-Attached-list"
      aria-label={trans.__('Data of this notebook')}
    >
      {entries.map(entry => (
        <Item
          key={entry.attachment.variable}
          {...props}
          entry={entry}
          isRenamed={renamed === entry.attachment.variable}
          onRename={is => setRenamed(is ? entry.attachment.variable : null)}
        />
      ))}
    </ul>
  );
}

interface IItemProps extends INotebookSectionOptions {
  attached: Attached;
  entry: IEntry;
  isRenamed: boolean;
  onRename: (is: boolean) => void;
}

/** One line, and a second one where the person is needed. */
function Item(props: IItemProps): React.JSX.Element {
  const { attached, entry, trans, isRenamed, onRename } = props;
  const { variable, ref } = entry.attachment;
  const state = attached.stateOf(entry);
  const view = describeEntry(entry, state, attached.jobOf(entry), trans);
  const did = didOf(ref);
  return (
    <li
      className="escape-Attached-item"
      data-variable={variable}
      data-shape={view.state.shape}
      title={`${variable} = ${did}\n${view.state.sentence}`}
    >
      <div className="escape-Attached-line">
        {isRenamed ? (
          <NameField {...props} />
        ) : (
          <>
            <span
              className="escape-Attached-variable"
              onDoubleClick={() => onRename(true)}
            >
              {variable}
            </span>
            <span className="escape-Attached-did">
              <Name name={did} />
            </span>
            <State state={view.state} />
            <span className="escape-Unseen">{view.state.sentence}</span>
            <Buttons {...props} view={view} />
          </>
        )}
      </div>
      {view.sentence && !isRenamed && (
        <div className="escape-Attached-problem" role="status">
          {view.sentence}{' '}
          {view.remedies.map(remedy => (
            <RemedyLink key={remedy} {...props} remedy={remedy} />
          ))}
        </div>
      )}
    </li>
  );
}

function Buttons(props: IItemProps & { view: IEntryView }): React.JSX.Element {
  const { commands, entry, trans, onRename, view } = props;
  const { variable } = entry.attachment;
  const button = (Icon: LabIcon, label: string, run: () => void) => (
    <button
      className="escape-Row-action"
      title={label}
      aria-label={trans.__('%1: %2', label, variable)}
      onClick={run}
    >
      <Icon.react tag="span" />
    </button>
  );
  const command = (id: string) => () => void commands.execute(id, { variable });
  const { shape } = view.state;
  return (
    <span className="escape-Attached-actions">
      {shape !== 'here' &&
        shape !== 'moving' &&
        button(getIcon, trans.__('Get'), command(NotebookCommandIDs.get))}
      {button(
        insertIcon,
        trans.__('Insert code'),
        command(NotebookCommandIDs.insertCode)
      )}
      {button(editIcon, trans.__('Rename variable'), () => onRename(true))}
      {button(
        closeIcon,
        trans.__('Detach'),
        command(NotebookCommandIDs.detach)
      )}
    </span>
  );
}

function RemedyLink(props: IItemProps & { remedy: Remedy }): React.JSX.Element {
  const { commands, entry, trans, onRename, remedy } = props;
  const { variable } = entry.attachment;
  const label = {
    get: trans.__('Get'),
    overwrite: trans.__('Overwrite'),
    rename: trans.__('Rename'),
    paths: trans.__('Insert paths')
  }[remedy];
  const run = () => {
    if (remedy === 'rename') {
      onRename(true);
    } else {
      void commands.execute(NotebookCommandIDs[remedy], { variable });
    }
  };
  return (
    <button
      className="escape-Link"
      aria-label={trans.__('%1: %2', label, variable)}
      onClick={run}
    >
      {label}
    </button>
  );
}

/** The name of a variable, being changed. */
function NameField(props: IItemProps): React.JSX.Element {
  const { attached, commands, entry, trans, onRename } = props;
  const { variable } = entry.attachment;
  const [name, setName] = React.useState(variable);
  const others = attached.entries
    .map(({ attachment }) => attachment.variable)
    .filter(other => other !== variable);
  const problem =
    name === variable ? null : problemOf(name.trim(), others, trans);
  const id = React.useId();
  const done = (isMeant: boolean) => {
    if (isMeant && problem) {
      return;
    }
    onRename(false);
    if (isMeant && name.trim() !== variable) {
      const args = { variable, name: name.trim() };
      void commands.execute(NotebookCommandIDs.rename, args);
    }
  };
  return (
    <span className="escape-Attached-field">
      <input
        autoFocus
        className="jp-mod-styled"
        value={name}
        aria-label={trans.__('Name of the variable')}
        aria-invalid={problem !== null}
        aria-describedby={problem ? id : undefined}
        onFocus={event => event.target.select()}
        onChange={event => setName(event.target.value)}
        onBlur={() => done(problem === null)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            // Or it would press the button that gets the focus next.
            event.preventDefault();
            done(true);
          } else if (event.key === 'Escape') {
            event.stopPropagation();
            done(false);
          }
        }}
      />
      {problem && (
        <span id={id} className="escape-Attached-problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

function Nothing(
  props: INotebookSectionOptions & { isNotebook: boolean }
): React.JSX.Element {
  const { commands, trans, selected, isNotebook } = props;
  useSignals(props.selectionChanged);
  const count = selected().dids.length;
  const action =
    count > 0
      ? {
          label: isNotebook
            ? trans.__('Attach %1 selected', count)
            : trans.__('Attach %1 selected to a new notebook', count),
          onClick: () => void commands.execute(CommandIDs.attach)
        }
      : {
          label: trans.__('Choose data'),
          onClick: () => void commands.execute(CommandIDs.search)
        };
  return (
    <Empty action={action}>
      {isNotebook
        ? trans.__(
            'Data attached to this notebook is fetched when its kernel starts, and is there as variables.'
          )
        : trans.__(
            'No notebook is open. Data attached to a notebook is fetched when its kernel starts, and is there as variables.'
          )}
    </Empty>
  );
}
