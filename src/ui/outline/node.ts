import type { IRow } from '../../datalake/api';
import type { AgentError } from '../../core/errors';
import { commonEnd } from '../elide';

/**
 * What a row of the tree stands for: a thing, or a word about the list it
 * ends (still coming, broken, empty, cut).
 */
export type NodeKind =
  | 'scope'
  | 'did'
  | 'waiting'
  | 'failed'
  | 'empty'
  | 'truncated'
  /** Rows were left out, for they made no sense. */
  | 'skipped';

export type Loading = 'no' | 'running' | 'done' | 'failed';

export interface INode {
  readonly key: string;
  readonly kind: NodeKind;
  readonly depth: number;
  readonly parent: INode | null;
  readonly name: string;
  row: IRow | null;
  error: AgentError | null;
  children: INode[];
  /** How many rows below this one are in the flat list. */
  shown: number;
  /** Place among its siblings, from 1. */
  position: number;
  isExpanded: boolean;
  loading: Loading;
  /** When the list below began to load, in milliseconds. */
  since: number;
  /** Of a word at the end of a list: how many rows were left out. */
  skipped: number;
}

/** How a list ended. */
export type Outcome =
  | {
      kind: 'done';
      truncated: boolean;
      /** Of a list that was cut: how many rows, its first ones, are to be shown. */
      count?: number;
      skipped?: number;
    }
  | { kind: 'failed'; error: AgentError };

export function isCollection(node: INode): boolean {
  return node.row !== null && node.row.type !== 'file';
}

/** Rows that can be selected and acted on; the others only say something. */
export function isThing(node: INode): boolean {
  return node.kind === 'did' || node.kind === 'scope';
}

/** How many characters a name ends with as one beside it does. */
export function sharedEnd({ name, parent, position }: INode): number {
  const beside = [position - 2, position]
    .map(index => parent?.children[index])
    .filter(other => other !== undefined && isThing(other));
  return Math.max(
    0,
    ...beside.map(other => commonEnd(name, other?.name ?? ''))
  );
}

/** A row that nothing is known of yet. */
export function makeNode(
  parent: INode | null,
  kind: NodeKind,
  part: string,
  name: string
): INode {
  return {
    // A DID may stand below several parents, so its ref alone is no key.
    key: `${parent ? parent.key : ''}\u0000${kind === 'did' ? '' : kind}${part}`,
    kind,
    depth: parent ? parent.depth + 1 : -1,
    parent,
    name,
    row: null,
    error: null,
    children: [],
    shown: 0,
    position: 0,
    isExpanded: false,
    loading: 'no',
    since: 0,
    skipped: 0
  };
}

export function didNode(parent: INode, row: IRow): INode {
  const node = makeNode(parent, 'did', row.ref, row.name);
  node.row = row;
  return node;
}

/** The word that a list ends with, when there is one to say. */
export function endNotes(parent: INode, outcome: Outcome): INode[] {
  if (outcome.kind === 'failed') {
    const note = makeNode(parent, 'failed', '', '');
    note.error = outcome.error;
    return [note];
  }
  const { truncated, skipped = 0 } = outcome;
  if (truncated || skipped > 0) {
    const note = makeNode(parent, truncated ? 'truncated' : 'skipped', '', '');
    note.skipped = skipped;
    return [note];
  }
  // The panel itself says that a search found nothing.
  const isEmpty = !parent.children.some(isThing);
  return isEmpty && parent.parent ? [makeNode(parent, 'empty', '', '')] : [];
}
