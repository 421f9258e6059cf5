/** Where files are put. Pure. */
import type { IDatalake } from '../tokens';
import { isDid } from '../rows';

export interface ITarget {
  /** The row that it is, or null for the list as a whole. */
  ref: string | null;
  /** Null where none is at hand. */
  scope: string | null;
  dataset: string | null;
}

/** What a row stands for as a target; a file stands for the list that it is in. */
export function targetOf(
  ref: string | null,
  model: Pick<IDatalake, 'query' | 'outline'>
): ITarget {
  const nodes = model.outline.tree.rows;
  const node = nodes.find(one => one.row?.ref === ref);
  const isFile = node?.row?.type === 'file';
  const row = isFile ? node.parent?.row : node?.row;
  if (!row) {
    return { ref: null, scope: model.query?.scope ?? null, dataset: null };
  }
  const dataset = isDid(row) && row.type === 'dataset' ? row.name : null;
  return { ref: row.ref, scope: row.scope, dataset };
}
