/** In which order a list stands. Pure. */
import type { IRow, IRowState } from '../../datalake/api';
import type { INode } from './node';

export type Column = 'name' | 'size' | 'state';

export interface IOrder {
  by: Column;
  isReversed: boolean;
}

export const BY_NAME: IOrder = { by: 'name', isReversed: false };

/** Sorting by what must be asked for asks about this many rows at most. */
export const MOST_ASKED = 5000;

const TYPES: Record<IRow['type'], number> = {
  container: 0,
  dataset: 1,
  file: 2
};

/** The agent keeps the first rows of a long list by the same rules. */
const NAMES = new Intl.Collator('en', { numeric: true });

/**
 * How two rows of a list compare: by type, then by the column, then by name.
 *
 * A column that is not known of a row puts it last, whichever way it is sorted.
 */
export function comparison(
  order: IOrder,
  stateOf: (ref: string) => IRowState | undefined
): (one: INode, other: INode) => number {
  const sign = order.isReversed ? -1 : 1;
  const value = (node: INode): number | null => {
    const state = stateOf(node.row?.ref ?? '');
    return order.by === 'size'
      ? (node.row?.bytes ?? state?.bytes ?? null)
      : state
        ? rankOf(state)
        : null;
  };
  return (one, other) => {
    const byType = typeOf(one) - typeOf(other);
    if (byType !== 0) {
      return byType;
    }
    if (order.by === 'name') {
      return sign * byName(one, other);
    }
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) {
      return Number(a === null) - Number(b === null) || byName(one, other);
    }
    return sign * (a - b) || byName(one, other);
  };
}

function byName(one: INode, other: INode): number {
  return (
    NAMES.compare(one.name, other.name) ||
    NAMES.compare(one.row?.scope ?? '', other.row?.scope ?? '')
  );
}

function typeOf(node: INode): number {
  return node.row ? TYPES[node.row.type] : 0;
}

/** What is here first, then what is coming, then what is elsewhere. */
function rankOf(state: IRowState): number {
  if (state.local === 'here') {
    return 0;
  }
  if (state.problem) {
    return 4;
  }
  if (state.job !== null) {
    return 2;
  }
  return state.local === 'partly' ? 1 : 3;
}
