import * as React from 'react';
import { formatBytes } from '../format';
import { useSignals } from '../signals';
import type { IOutline } from './navigation';
import type { ITreeRow } from './virtualtree';
import { VirtualTree } from './virtualtree';
import type { IBrowseOptions } from '../sidebar/browse';
import { CommandIDs } from '../../datalake/commandids';
import { insteadOfList } from '../sidebar/instead';
import { NoteRow, noteText } from './note';
import { DidRow, ScopeRow } from '../../datalake/row';
import type { IStateView } from '../../datalake/rowstate';
import { describe } from '../../datalake/rowstate';
import type { INode } from './node';
import { isCollection, isThing } from './node';
import type { Tree } from './tree';

const TREE_ID = 'escape-datalake-tree';

/** The list itself, or the sentence that stands in its place. */
export function List(props: IBrowseOptions): React.JSX.Element {
  const { model, jobs, commands, trans, onDrag, onGetHow } = props;
  const { tree, selection, states } = model;
  const version = useSignals(
    model.changed,
    tree.changed,
    selection.changed,
    states.changed,
    model.gate.changed
  );
  const nodes = tree.rows;
  const instead = insteadOfList(props);
  if (instead) {
    return <div className="escape-Instead">{instead}</div>;
  }

  const stateOf = (node: INode): IStateView => {
    const ref = node.row?.ref ?? '';
    const state = states.get(ref);
    const job = jobs.activeFor(ref) ?? jobs.get(state?.job ?? '');
    return describe(state, jobs.activeFor(ref) ?? ownJob(node, job), trans);
  };
  const activeNow = () =>
    selection.active ? tree.indexOf(selection.active) : -1;
  const active = activeNow();
  const onlySelect = (node: INode) => {
    if (!selection.has(node)) {
      selection.select(node);
    }
  };

  return (
    <VirtualTree
      id={TREE_ID}
      label={model.view === 'scopes' ? trans.__('Scopes') : trans.__('Data')}
      version={version}
      order={model.order}
      active={active}
      activeNow={activeNow}
      isBusy={tree.root.loading === 'running'}
      rows={outlineOf(tree)}
      keyAt={index => nodes[index].key}
      describe={index =>
        rowOf(nodes[index], selection.has(nodes[index]), props, stateOf)
      }
      draw={index => {
        const node = nodes[index];
        if (node.kind === 'scope') {
          return <ScopeRow node={node} />;
        }
        if (node.kind !== 'did') {
          return <NoteRow node={node} model={model} trans={trans} />;
        }
        const run = (command: string) => {
          onlySelect(node);
          void commands.execute(command);
        };
        return (
          <DidRow
            node={node}
            state={stateOf(node)}
            bytes={
              node.row?.bytes ?? states.get(node.row?.ref ?? '')?.bytes ?? null
            }
            isActive={index === active}
            trans={trans}
            onToggle={() => model.toggle(node)}
            onGet={() => run(CommandIDs.get)}
            onGetHow={({ currentTarget }) => {
              onlySelect(node);
              whenAtRest(() => {
                const { left, bottom } = currentTarget.getBoundingClientRect();
                onGetHow(left, bottom);
              });
            }}
            onInsert={() => run(CommandIDs.insert)}
            onMore={event => {
              const button = event.currentTarget;
              onlySelect(node);
              whenAtRest(() => openMenuBelow(button));
            }}
          />
        );
      }}
      onVisible={(first, last) =>
        states.want(
          // The selected ones too: Details speaks of them.
          [...nodes.slice(first, last + 1), ...selection.nodes.slice(0, 1)]
            .map(node => node.row?.ref)
            .filter(ref => ref !== undefined)
        )
      }
      onMove={(index, how) => {
        const node = tree.rows[index];
        if (how === 'select') {
          selection.select(node);
        } else if (how === 'extend') {
          selection.extendTo(node);
        } else {
          selection.moveTo(node);
        }
      }}
      onToggle={index => model.toggle(tree.rows[index])}
      onOpen={index => {
        const node = tree.rows[index];
        selection.select(node);
        if (node.kind === 'truncated' && node.parent) {
          // Where the new rows begin, not where they end.
          selection.moveTo(tree.rows[Math.max(0, index - 1)]);
          void model.more(node.parent);
        } else if (node.kind === 'failed' && node.parent) {
          void model.again(node.parent);
        } else {
          void commands.execute(CommandIDs.openItem);
        }
      }}
      onSelectToggle={index => selection.toggle(tree.rows[index])}
      onSelectAll={() => selection.selectAll()}
      onKeyDown={event => {
        if (event.key === 'Escape' || event.key === 'Backspace') {
          event.preventDefault();
          if (selection.nodes.length > 1) {
            selection.clear();
          } else {
            void commands.execute(CommandIDs.scopes);
          }
        }
      }}
      onMouseDown={(event, index) => {
        const node = tree.rows[index];
        if (event.button === 2) {
          onlySelect(node);
        }
        if (event.button !== 0) {
          return;
        }
        if (event.shiftKey) {
          selection.extendTo(node);
        } else if (event.ctrlKey || event.metaKey) {
          selection.toggle(node);
        } else if (selection.has(node)) {
          // Perhaps several are being dragged; a mere click ends as a click.
          selection.moveTo(node);
        } else {
          selection.select(node);
        }
        if (node.kind === 'did') {
          onDrag(event.nativeEvent);
        }
      }}
      onClick={(event, index) => {
        const node = tree.rows[index];
        if (event.shiftKey || event.ctrlKey || event.metaKey) {
          return;
        }
        if (node.kind === 'scope') {
          void model.openScope(node.name);
        } else if (selection.has(node)) {
          selection.select(node);
        }
      }}
    />
  );
}

/** The rows as they are at this moment, not as they were when last drawn. */
function outlineOf(tree: Tree): IOutline {
  return {
    get length() {
      return tree.rows.length;
    },
    level: index => tree.rows[index].depth,
    isExpandable: index => isCollection(tree.rows[index]),
    isExpanded: index => tree.rows[index].isExpanded,
    text: index => tree.rows[index].name
  };
}

/** A job that fetches a collection says nothing exact about one file of it. */
function ownJob<T extends { refs: string[] }>(
  node: INode,
  job: T | undefined
): T | undefined {
  return job && node.row && job.refs.includes(node.row.ref) ? job : undefined;
}

function rowOf(
  node: INode,
  isSelected: boolean,
  { trans, model }: IBrowseOptions,
  stateOf: (node: INode) => IStateView
): ITreeRow {
  const { states } = model;
  const parent = node.parent;
  const siblings =
    parent?.loading === 'running' ? -1 : (parent?.children.length ?? -1);
  const base = { position: node.position, siblings, isSelected };
  if (node.kind === 'scope') {
    return {
      ...base,
      label: trans.__('Scope %1', node.name),
      title: node.name,
      className: 'escape-ScopeRow'
    };
  }
  if (!isThing(node) || !node.row) {
    const label = noteText(node, model, trans);
    return { ...base, label, title: label, className: 'escape-NoteRow' };
  }
  const { sentence } = stateOf(node);
  const type = {
    container: trans.__('container'),
    dataset: trans.__('dataset'),
    file: trans.__('file')
  }[node.row.type];
  const bytes = node.row.bytes ?? states.get(node.row.ref)?.bytes ?? null;
  const facts = [type, bytes === null ? '' : formatBytes(bytes), sentence]
    .filter(Boolean)
    .join(', ');
  return {
    ...base,
    label: `${node.name}, ${facts}`,
    title: `${node.name}\n${facts}`,
    className: 'escape-DatalakeRow',
    data: { 'data-type': node.row.type, 'data-ref': node.row.ref }
  };
}

/** The first selection opens Details, and rows move. */
function whenAtRest(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}

/** The same menu as a right click, under the button that asks for it. */
function openMenuBelow(button: Element): void {
  const box = button.getBoundingClientRect();
  button.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: box.left,
      clientY: box.bottom
    })
  );
}
