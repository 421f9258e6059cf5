/** An RSE in words: why to choose it, or why not. Pure. */
import type { ITrans } from '../../core/errors';
import { formatBytes } from '../../ui/format';
import type { IChoice } from '../../ui/form/choices';
import type { IRse } from '../api';

/** Attributes that Rucio itself sets, or that help nobody to choose. */
const DULL = new Set([
  'fts',
  'fts_testing',
  'greedyDeletion',
  'istape',
  'lfn2pfn_algorithm',
  'verify_checksum',
  'archive_timeout',
  'oidc_support',
  'simulate_multirange',
  'source_for_total_space',
  'source_for_used_space',
  'staging_required'
]);

/** `tape · 412 GB free · 10.0 GB of your quota left · QOS=FAST`. */
export function rseFacts(rse: IRse, trans: ITrans): string {
  const { quota, free } = rse;
  const left =
    quota === null
      ? null
      : quota.left === null
        ? trans.__('no limit for you')
        : trans.__('%1 of your quota left', formatBytes(quota.left));
  return [
    rse.tape ? trans.__('tape') : null,
    free === null ? null : trans.__('%1 free', formatBytes(free)),
    left,
    ...attributesOf(rse)
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What a person may choose an RSE by: `QOS=FAST`, `country=NL`, `cheap`. */
export function attributesOf({ name, attributes }: IRse): string[] {
  return Object.entries(attributes)
    .filter(
      ([key, value]) =>
        !DULL.has(key) && value !== false && key !== name && value !== name
    )
    .map(([key, value]) => (value === true ? key : `${key}=${value}`));
}

/** Why files cannot be stored there; undefined where they can. */
export function rseObstacle(rse: IRse, trans: ITrans): string | undefined {
  if (!rse.writable) {
    return trans.__('It accepts no files at present.');
  }
  if (rse.quota?.left === 0) {
    return rse.quota.limit
      ? trans.__('Your quota is used up.')
      : trans.__('You have no quota there.');
  }
  return undefined;
}

/** Also those that cannot be chosen, last: a person looks for them otherwise. */
export function rseChoices(rses: readonly IRse[], trans: ITrans): IChoice[] {
  const choices = rses.map(rse => ({
    value: rse.name,
    label: rse.name,
    more: rseFacts(rse, trans),
    obstacle: rseObstacle(rse, trans)
  }));
  const isOpen = (choice: IChoice) => choice.obstacle === undefined;
  return [
    ...choices.filter(isOpen),
    ...choices.filter(choice => !isOpen(choice))
  ];
}
