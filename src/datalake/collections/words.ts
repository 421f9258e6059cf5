/** What can be done to collections and metadata, in words. Pure. */
import type { ITrans } from '../../core/errors';
import { formatBytes } from '../../ui/format';
import type { IOutcomeLine } from '../../ui/form/outcome';
import { filled } from '../../ui/form/pair';
import type { Pair } from '../../ui/form/pair';
import type { INode } from '../../ui/outline/node';
import type { IAccount, IErasure, IQuota, IRow } from '../api';
import type { IPlurals } from '../put/words';
import { isDid } from '../rows';
import type { ILakeRow } from '../rows';

export type Kind = 'dataset' | 'container';

/** What can hold all of some rows; null where nothing can. */
export function holderOf(rows: readonly IRow[]): Kind | null {
  const files = rows.filter(row => row.type === 'file').length;
  if (rows.length === 0 || (files > 0 && files < rows.length)) {
    return null;
  }
  return files > 0 ? 'dataset' : 'container';
}

/** The collection under which all of some rows are shown, if it is one. */
export function parentOf(nodes: readonly INode<ILakeRow>[]): IRow | null {
  const parents = nodes.map(node => node.parent?.row ?? null);
  const [first = null] = parents;
  const isOne = parents.every(parent => parent?.ref === first?.ref);
  return first && isOne && isDid(first) ? first : null;
}

/** The scope to write to: the one at hand if it is the account's, or its own. */
export function scopeFor(
  atHand: string | null,
  account: IAccount | null
): string {
  const mine = account?.scopes ?? [];
  if (atHand !== null && (mine.includes(atHand) || mine.length === 0)) {
    return atHand;
  }
  return (
    mine.find(scope => scope === `user.${account?.account}`) ?? mine[0] ?? ''
  );
}

/** `a.fits`, or `3 items`. */
export function rowsText(rows: readonly IRow[], trans: IPlurals): string {
  return trans._n('%2', '%1 items', rows.length, rows[0]?.name ?? '');
}

// -- metadata ---------------------------------------------------------------

/** Columns of Rucio's own that Details show among the metadata. */
const RESERVED = new Set([
  ...['scope', 'name', 'account', 'did_type', 'bytes', 'length', 'md5'],
  ...['adler32', 'availability', 'complete', 'monotonic', 'obsolete'],
  ...[
    'suppressed',
    'created_at',
    'closed_at',
    'deleted_at',
    'updated_at',
    'lifetime'
  ],
  ...['expired_at', 'is_open', 'open', 'rule_evaluation_action'],
  'rule_evaluation_required'
]);

type Metadata = Readonly<Record<string, unknown>>;

/** What of a DID's metadata can be changed, as texts. */
export function editable(metadata: Metadata): Pair[] {
  return Object.entries(metadata)
    .filter(([key]) => !RESERVED.has(key))
    .map(([key, value]) => [key, textOf(value)]);
}

/** A value as it is shown. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Numbers, true, false and null are such; all else is text, as for `%dl meta set`. */
export function valueOf(text: string): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(text);
    const isPlain =
      ['string', 'number', 'boolean'].includes(typeof value) || value === null;
    return isPlain ? (value as string | number | boolean | null) : text;
  } catch {
    return text;
  }
}

/** Pairs as they travel. */
export function valuesOf(pairs: readonly Pair[]) {
  return Object.fromEntries(
    filled(pairs).map(([key, text]) => [key, valueOf(text)])
  );
}

/** What has to be set and removed so that the metadata is as the pairs say. */
export function changesOf(metadata: Metadata, pairs: readonly Pair[]) {
  const before = new Map(editable(metadata));
  const after = filled(pairs);
  const kept = new Set(after.map(([key]) => key));
  return {
    // What was not touched keeps its type.
    set: valuesOf(after.filter(([key, text]) => before.get(key) !== text)),
    unset: [...before.keys()].filter(key => !kept.has(key))
  };
}

/** What is wrong with pairs, undefined if nothing is. */
export function pairsProblem(
  pairs: readonly Pair[],
  trans: ITrans
): string | undefined {
  const keys = filled(pairs).map(([key]) => key);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) {
    return trans.__('The key %1 is there twice.', twice);
  }
  const reserved = keys.find(key => RESERVED.has(key));
  if (reserved !== undefined) {
    return trans.__('%1 is Rucio’s own and cannot be set.', reserved);
  }
  const odd = keys.find(key => /[./\\]/.test(key));
  if (odd !== undefined) {
    return trans.__('The key %1 has a dot or a slash.', odd);
  }
  const isKeyless = pairs.some(([key, text]) => !key.trim() && text.trim());
  return isKeyless ? trans.__('A value has no key.') : undefined;
}

// -- erasing and quotas -----------------------------------------------------

/** What is erased, and what cannot come back. */
export function erasureLines(erasure: IErasure, trans: ITrans): IOutcomeLine[] {
  const lines: IOutcomeLine[] = [{ kind: 'warning', text: erasure.message }];
  if (erasure.note) {
    lines.push({ kind: 'plain', text: erasure.note });
  }
  lines.push({
    kind: 'plain',
    text:
      erasure.expires === null
        ? trans.__('It is erased after a day. Until then you can undo this.')
        : trans.__(
            'It is to be erased already: %1. Erase sets this to a day from now.',
            new Date(erasure.expires).toLocaleString(undefined, {
              dateStyle: 'medium',
              timeStyle: 'short'
            })
          )
  });
  return lines;
}

/** A quota as a bar and a sentence. */
export interface IQuotaView {
  label: string;
  text: string;
  /** Null where there is no limit. */
  fraction: number | null;
  isFull: boolean;
}

/** How much an account stores, and may store, at each RSE. */
export function quotaViews(account: IAccount, trans: ITrans): IQuotaView[] {
  const view = (label: string, quota: IQuota): IQuotaView => {
    const used = formatBytes(quota.used);
    const { limit, left } = quota;
    // Without a limit of its own, one that is shared may still count.
    if (account.unlimited || limit === null) {
      const text = trans.__('%1 used, no limit', used);
      return { label, text, fraction: null, isFull: false };
    }
    const all = formatBytes(limit);
    const room = formatBytes(left ?? 0);
    return {
      label,
      text: limit
        ? trans.__('%1 of %2 used, %3 left', used, all, room)
        : trans.__('%1 used; nothing may be stored', used),
      fraction: limit ? Math.min(1, quota.used / limit) : 1,
      isFull: left === 0
    };
  };
  return [
    ...account.quotas.map(quota => view(quota.rse, quota)),
    ...account.shared.map(quota =>
      view(trans.__('%1 together', quota.expression), quota)
    )
  ];
}
