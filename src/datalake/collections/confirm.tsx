import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { showFormDialog } from '../../ui/form/dialog';
import { Draft } from '../../ui/form/draft';
import type { IDone, IErasure, IRow } from '../api';
import type { Lake } from '../lake';
import { erasureLines } from './words';

/** Say what a change means, then make it; a refusal stays in the dialog. */
export function confirmChange(options: {
  lake: Lake;
  title: string;
  label: string;
  isWarning?: boolean;
  sentences: readonly string[];
  path: string;
  fields: Record<string, unknown>;
  trans: TranslationBundle;
}): Promise<IDone | null> {
  const { lake, title, label, isWarning, sentences, trans } = options;
  const draft = new Draft<object, null, IDone>({
    value: {},
    submit: (_, signal) =>
      lake.ask<IDone>('POST', options.path, options.fields, signal)
  });
  return showFormDialog({
    title,
    draft,
    label,
    isWarning,
    who: trans.__('the data lake'),
    fields: () => <p className="escape-Field">{sentences.join(' ')}</p>,
    trans
  });
}

/** Say what is erased and what cannot come back, then have it erased. */
export function showErase(options: {
  lake: Lake;
  row: IRow;
  trans: TranslationBundle;
}): Promise<IErasure | null> {
  const { lake, row, trans } = options;
  const { ref } = row;
  const draft = new Draft<object, IErasure, IErasure>({
    value: {},
    plan: (_, signal) => lake.ask<IErasure>('GET', 'erase', { ref }, signal),
    submit: (_, signal) => lake.ask<IErasure>('POST', 'erase', { ref }, signal)
  });
  return showFormDialog({
    title: trans.__('Erase %1?', row.name),
    draft,
    label: trans.__('Erase'),
    isWarning: true,
    who: trans.__('the data lake'),
    lines: erasure => erasureLines(erasure, trans),
    fields: () => <p className="escape-Field">{`${row.scope}:${row.name}`}</p>,
    trans
  });
}
