import type { AgentError } from '../../core/errors';
import { commonEnd } from '../elide';

/** The least that a row of any service has. */
export interface IOutlineRow {
  /** The name of the thing anywhere; tells rows of one list apart. */
  readonly ref: string;
  /** What is shown of it. */
  readonly name: string;
}

/** What an outline must know of the rows of a service. */
export interface IRules<R extends IOutlineRow> {
  /** Whether there is a list below the row. */
  isExpandable(row: R): boolean;
  /** Rows of a lower rank come first, whatever a list is sorted by. */
  rank?(row: R): number;
  /** Which of two rows of the same name comes first. */
  tie?(one: R, other: R): number;
}

/**
 * What a row of the tree stands for: a row of the service, or a note about the
 * list it ends (still coming, failed, empty, cut, rows left out).
 */
export type NodeKind =
  'root' | 'row' | 'waiting' | 'failed' | 'empty' | 'truncated' | 'skipped';

export type Loading = 'no' | 'running' | 'done' | 'failed';

export interface INode<R extends IOutlineRow> {
  readonly key: string;
  readonly kind: NodeKind;
  readonly depth: number;
  readonly parent: INode<R> | null;
  readonly name: string;
  row: R | null;
  error: AgentError | null;
  children: INode<R>[];
  /** How many rows below this one are in the flat list. */
  shown: number;
  /** Place among its siblings, from 1. */
  position: number;
  isExpanded: boolean;
  /** Whether the list below keeps the order in which it was given. */
  isFixed: boolean;
  loading: Loading;
  /** When the list below began to load, in milliseconds. */
  since: number;
  /** Of a note: how many rows were left out. */
  skipped: number;
  /** Of a note: what the service says of how the list came about. */
  said: string;
}

/** How a list ended. */
export type Outcome =
  | {
      kind: 'done';
      truncated: boolean;
      /** Of a list that was cut: how many rows, its first ones, are to be shown. */
      count?: number;
      skipped?: number;
      /** What the service says of how the list came about. */
      note?: string;
    }
  | { kind: 'failed'; error: AgentError };

/** Rows that can be selected and acted on; the others only say something. */
export function isThing<R extends IOutlineRow>(node: INode<R>): boolean {
  return node.kind === 'row';
}

/** How many characters a name ends with as one beside it does. */
export function sharedEnd<R extends IOutlineRow>(node: INode<R>): number {
  const { name, parent, position } = node;
  const beside = [position - 2, position]
    .map(index => parent?.children[index])
    .filter(other => other !== undefined && isThing(other));
  return Math.max(
    0,
    ...beside.map(other => commonEnd(name, other?.name ?? ''))
  );
}

/** A node that nothing is known of yet. */
export function makeNode<R extends IOutlineRow>(
  parent: INode<R> | null,
  kind: NodeKind,
  part = '',
  name = ''
): INode<R> {
  return {
    // A row may stand below several parents, so its ref alone is no key.
    key: `${parent ? parent.key : ''}\u0000${kind === 'row' ? '' : kind}${part}`,
    kind,
    depth: parent ? parent.depth + 1 : -1,
    parent,
    name,
    row: null,
    error: null,
    children: [],
    shown: 0,
    position: 0,
    isExpanded: kind === 'root',
    isFixed: false,
    loading: 'no',
    since: 0,
    skipped: 0,
    said: ''
  };
}

export function rowNode<R extends IOutlineRow>(
  parent: INode<R>,
  row: R
): INode<R> {
  const node = makeNode(parent, 'row', row.ref, row.name);
  node.row = row;
  return node;
}

/** The note that a list ends with, when there is something to say. */
export function endNotes<R extends IOutlineRow>(
  parent: INode<R>,
  outcome: Outcome
): INode<R>[] {
  if (outcome.kind === 'failed') {
    const note = makeNode(parent, 'failed');
    note.error = outcome.error;
    return [note];
  }
  const { truncated, skipped = 0, note: said = '' } = outcome;
  const isShown = said !== '' && parent.children.some(isThing);
  if (truncated || skipped > 0 || isShown) {
    const note = makeNode(parent, truncated ? 'truncated' : 'skipped');
    note.skipped = skipped;
    note.said = said;
    return [note];
  }
  // The panel itself says that a search found nothing.
  const isEmpty = !parent.children.some(isThing);
  return isEmpty && parent.parent ? [makeNode(parent, 'empty')] : [];
}
