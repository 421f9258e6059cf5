import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IGate } from '../../signin/tokens';
import { useSignals } from '../signals';
import type { IListLook, IRowAction } from './look';
import type { IOutline } from './navigation';
import type { INode, IOutlineRow } from './node';
import { isThing } from './node';
import { NoteRow, noteText } from './note';
import type { Outline } from './outline';
import { Row } from './row';
import type { Tree } from './tree';
import type { ITreeRow } from './virtualtree';
import { VirtualTree } from './virtualtree';

export interface IListProps<R extends IOutlineRow> {
  outline: Outline<R>;
  look: IListLook<R>;
  gate: IGate;
  /** Who is waited for. */
  who: string;
  trans: TranslationBundle;
}

/** The rows of an outline, with keyboard and mouse. */
export function List<R extends IOutlineRow>(
  props: IListProps<R>
): React.JSX.Element {
  const { outline, look, trans } = props;
  const { tree, selection } = outline;
  const version = useSignals(
    tree.changed,
    selection.changed,
    outline.sorted,
    props.gate.changed,
    ...look.signals
  );
  const nodes = tree.rows;
  const activeNow = () =>
    selection.active ? tree.indexOf(selection.active) : -1;
  const active = activeNow();
  const onlySelect = (node: INode<R>) => {
    if (!selection.has(node)) {
      selection.select(node);
    }
  };
  const act = (node: INode<R>, action: IRowAction, button: Element) => {
    onlySelect(node);
    if (action.isMenu) {
      whenAtRest(() => action.run(button));
    } else {
      action.run(button);
    }
  };

  return (
    <VirtualTree
      id={look.id}
      label={look.label()}
      version={version}
      order={outline.order}
      active={active}
      activeNow={activeNow}
      isBusy={tree.root.loading === 'running'}
      rows={outlineOf(tree)}
      keyAt={index => nodes[index].key}
      describe={index => rowOf(nodes[index], props)}
      draw={index => {
        const node = nodes[index];
        return node.row ? (
          <Row
            node={node}
            look={look.look(node.row)}
            isActive={index === active}
            isExpandable={tree.isExpandable(node)}
            trans={trans}
            onToggle={() => outline.toggle(node)}
            onAction={(action, button) => act(node, action, button)}
          />
        ) : (
          <NoteRow {...props} node={node} />
        );
      }}
      onVisible={(first, last) =>
        look.onVisible?.(
          // The selected one too: Details speaks of it.
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
      onToggle={index => outline.toggle(tree.rows[index])}
      onOpen={index => {
        const node = tree.rows[index];
        selection.select(node);
        if (node.kind === 'truncated' && node.parent) {
          // Where the new rows begin, not where they end.
          selection.moveTo(tree.rows[Math.max(0, index - 1)]);
          void outline.more(node.parent);
        } else if (node.kind === 'failed' && node.parent) {
          void outline.again(node.parent);
        } else if (isThing(node)) {
          look.onOpen();
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
            look.onLeave?.();
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
        if (isThing(node)) {
          look.onDrag?.(event.nativeEvent);
        }
      }}
      onClick={(event, index) => {
        const node = tree.rows[index];
        if (event.shiftKey || event.ctrlKey || event.metaKey) {
          return;
        }
        const isMore = node.row !== null && look.onClick?.(node.row) === true;
        if (!isMore && selection.has(node)) {
          selection.select(node);
        }
      }}
    />
  );
}

/** The rows as they are at this moment, not as they were when last drawn. */
function outlineOf<R extends IOutlineRow>(tree: Tree<R>): IOutline {
  return {
    get length() {
      return tree.rows.length;
    },
    level: index => tree.rows[index].depth,
    isExpandable: index => tree.isExpandable(tree.rows[index]),
    isExpanded: index => tree.rows[index].isExpanded,
    text: index => tree.rows[index].name
  };
}

function rowOf<R extends IOutlineRow>(
  node: INode<R>,
  props: IListProps<R>
): ITreeRow {
  const { parent, position } = node;
  const siblings =
    parent?.loading === 'running' ? -1 : (parent?.children.length ?? -1);
  const isSelected = props.outline.selection.has(node);
  if (node.row) {
    const { label, title, className, data } = props.look.look(node.row);
    return { position, siblings, isSelected, label, title, className, data };
  }
  const label = noteText(node, props);
  const className = 'escape-NoteRow';
  return { position, siblings, isSelected, label, title: label, className };
}

/** The first selection opens Details, and rows move. */
function whenAtRest(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}
