/** In which order a list stands. Pure. */
import type { INode, IOutlineRow, IRules } from './node';

/** By which column, and which way. */
export interface IOrder {
  /** The id of a sort key, or BY_NAME. */
  by: string;
  isReversed: boolean;
}

/** What a list can be sorted by beside the name. */
export interface ISortKey<R extends IOutlineRow> {
  id: string;
  /** What is compared, smallest first; null while it is not known. */
  value(row: R): number | null;
  /** Whether the value of a row has to be asked for. */
  isAsked?(row: R): boolean;
  /** Whether one looks for the largest first. */
  isLargestFirst?: boolean;
}

export const BY_NAME: IOrder = { by: 'name', isReversed: false };

/** Sorting by what must be asked for asks about this many rows at most. */
export const MOST_ASKED = 5000;

/** The agent keeps the first rows of a long list by the same rules. */
const NAMES = new Intl.Collator('en', { numeric: true });

/**
 * How two rows of a list compare: by rank, then by the key, then by name.
 *
 * A value that is not known of a row puts it last, whichever way it is sorted.
 */
export function comparison<R extends IOutlineRow>(
  rules: IRules<R>,
  isReversed = false,
  key?: ISortKey<R>
): (one: INode<R>, other: INode<R>) => number {
  const sign = isReversed ? -1 : 1;
  const rank = (row: R) => rules.rank?.(row) ?? 0;
  const byName = (one: R, other: R) =>
    NAMES.compare(one.name, other.name) || (rules.tie?.(one, other) ?? 0);
  return ({ row: one }, { row: other }) => {
    if (one === null || other === null) {
      return 0;
    }
    const byRank = rank(one) - rank(other);
    if (byRank !== 0) {
      return byRank;
    }
    if (!key) {
      return sign * byName(one, other);
    }
    const [a, b] = [key.value(one), key.value(other)];
    if (a === null || b === null) {
      return Number(a === null) - Number(b === null) || byName(one, other);
    }
    return sign * (a - b) || byName(one, other);
  };
}
