import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { showFormDialog } from '../../ui/form/dialog';
import { Draft } from '../../ui/form/draft';
import type { Pair } from '../../ui/form/pair';
import { PairsField } from '../../ui/form/pairs';
import type { IDid, IRow } from '../api';
import type { Lake } from '../lake';
import { changesOf, editable, pairsProblem } from './words';

interface IMetadataForm {
  /** Null until something is changed. */
  pairs: readonly Pair[] | null;
}

/** Show what metadata a DID has, and change it. */
export function showMetadata(options: {
  lake: Lake;
  row: IRow;
  trans: TranslationBundle;
}): Promise<IDid | null> {
  const { lake, row, trans } = options;
  const { ref } = row;
  const changes = (pairs: readonly Pair[]) =>
    changesOf(draft.plan?.metadata ?? {}, pairs);
  const draft: Draft<IMetadataForm, IDid, IDid> = new Draft<
    IMetadataForm,
    IDid,
    IDid
  >({
    value: { pairs: null },
    check: ({ pairs }) => {
      const { set, unset } = changes(pairs ?? []);
      const isSame = Object.keys(set).length + unset.length === 0;
      const problem = pairs && pairsProblem(pairs, trans);
      return problem || !pairs || isSame ? { pairs: problem ?? '' } : {};
    },
    plan: (_, signal) => lake.ask<IDid>('GET', 'did', { ref }, signal),
    submit: ({ pairs }, signal) =>
      lake.ask<IDid>(
        'POST',
        'metadata',
        { ref, ...changes(pairs ?? []) },
        signal
      )
  });
  return showFormDialog({
    title: trans.__('Metadata of %1', row.name),
    draft,
    label: trans.__('Save'),
    who: trans.__('the data lake'),
    lines: did => (did.note ? [{ kind: 'warning', text: did.note }] : []),
    fields: () =>
      draft.plan && (
        <PairsField
          label={trans.__('Keys and values')}
          hint={trans.__('Numbers, true and false are kept as such.')}
          value={draft.value.pairs ?? editable(draft.plan.metadata)}
          problem={draft.problems.pairs}
          trans={trans}
          onChange={pairs => draft.set({ pairs })}
        />
      ),
    trans
  });
}
