/** The rows of the data lake, and in which order they stand. Pure. */
import type { IRow, IRowState } from './api';
import type { IRules } from '../ui/outline/node';
import type { ISortKey } from '../ui/outline/order';

/** A scope, one click away from its list. */
export interface IScope {
  readonly type: 'scope';
  readonly ref: string;
  readonly scope: string;
  readonly name: string;
}

export type ILakeRow = IRow | IScope;

export function scopeRow(name: string): IScope {
  return { type: 'scope', ref: `scope:${name}`, scope: name, name };
}

export function isDid(row: ILakeRow): row is IRow {
  return row.type !== 'scope';
}

const RANKS = { scope: 0, container: 0, dataset: 1, file: 2 };

export const RULES: IRules<ILakeRow> = {
  isExpandable: row => row.type === 'container' || row.type === 'dataset',
  rank: row => RANKS[row.type],
  tie: (one, other) => SCOPES.compare(one.scope, other.scope)
};

const SCOPES = new Intl.Collator('en', { numeric: true });

/** What lists are sorted by beside the name. */
export function sortKeys(
  stateOf: (ref: string) => IRowState | undefined
): ISortKey<ILakeRow>[] {
  const bytes = (row: ILakeRow) => (isDid(row) ? row.bytes : null);
  return [
    {
      id: 'size',
      value: row => bytes(row) ?? stateOf(row.ref)?.bytes ?? null,
      isAsked: row => isDid(row) && row.bytes === null,
      isLargestFirst: true
    },
    {
      id: 'state',
      value: ({ ref }) => {
        const state = stateOf(ref);
        return state ? rankOf(state) : null;
      },
      isAsked: isDid
    }
  ];
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
