import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { AgentError } from '../../core/errors';
import { useAnswer } from '../../ui/form/answer';
import { CompletingField } from '../../ui/form/completing';
import { showFormDialog } from '../../ui/form/dialog';
import { Draft } from '../../ui/form/draft';
import { CheckField, TextField } from '../../ui/form/field';
import type { Pair } from '../../ui/form/pair';
import { PairsField } from '../../ui/form/pairs';
import type { IAccount, IDone, IRow } from '../api';
import type { Lake } from '../lake';
import { scopeCompletions, scopeProblem } from '../scopes';
import { pairsProblem, rowsText, scopeFor, valuesOf } from './words';
import type { Kind } from './words';

export interface ICollectionOptions {
  lake: Lake;
  kind: Kind;
  /** What is to be attached. */
  rows: readonly IRow[];
  /** The scope at hand. */
  scope: string | null;
  scopes: readonly string[];
  trans: TranslationBundle;
}

interface ITargetForm {
  /** Null until something is typed. */
  scope: string | null;
  name: string;
}

interface ICreateForm extends ITargetForm {
  attaches: boolean;
  metadata: readonly Pair[];
}

/** Ask for the name of a new collection; resolves with what came of it. */
export function showCreate(options: ICollectionOptions): Promise<IDone | null> {
  const { lake, kind, rows, trans } = options;
  // Once it is made, only what failed after that is done again.
  let made: string | null = null;
  const draft: CreateDraft = new Draft<ICreateForm, IAccount, IDone>({
    value: { scope: null, name: '', attaches: rows.length > 0, metadata: [] },
    check: form => {
      const metadata = pairsProblem(form.metadata, trans);
      return {
        ...problemsOf(form, draft.plan, options),
        ...(metadata === undefined ? {} : { metadata })
      };
    },
    plan: (_, signal) => lake.account(signal),
    submit: async (form, signal) => {
      const ref = refOf(form, draft.plan, options);
      const metadata = valuesOf(form.metadata);
      const fields = { ref, type: kind, metadata };
      const done = await lake.ask<IDone>('POST', 'collections', fields, signal);
      if (done.already && made !== ref) {
        throw taken(done.message, trans);
      }
      made = ref;
      return form.attaches && rows.length > 0
        ? attach(lake, ref, rows, signal)
        : done;
    }
  });
  return showFormDialog({
    title:
      kind === 'dataset' ? trans.__('New dataset') : trans.__('New container'),
    draft,
    label: trans.__('Create'),
    who: trans.__('the data lake'),
    fields: () => (
      <>
        <div className="escape-Field-row">
          <ScopeField {...options} draft={draft} />
          <TextField
            label={trans.__('Name')}
            value={draft.value.name}
            problem={draft.problems.name}
            onChange={name => draft.set({ name })}
          />
        </div>
        {rows.length > 0 && (
          <CheckField
            label={trans.__('Attach %1', rowsText(rows, trans))}
            value={draft.value.attaches}
            onChange={attaches => draft.set({ attaches })}
          />
        )}
        <details className="escape-Field">
          <summary>{trans.__('Metadata')}</summary>
          <PairsField
            label={trans.__('Keys and values')}
            value={draft.value.metadata}
            problem={draft.problems.metadata}
            trans={trans}
            onChange={metadata => draft.set({ metadata })}
          />
        </details>
      </>
    ),
    trans
  });
}

type CreateDraft = Draft<ICreateForm, IAccount, IDone>;
type AttachDraft = Draft<ITargetForm, IAccount, IDone>;

/** Ask to which collection some rows are attached. */
export function showAttach(options: ICollectionOptions): Promise<IDone | null> {
  const { lake, rows, trans } = options;
  const draft: AttachDraft = new Draft<ITargetForm, IAccount, IDone>({
    value: { scope: null, name: '' },
    check: form => problemsOf(form, draft.plan, options),
    plan: (_, signal) => lake.account(signal),
    submit: (form, signal) =>
      attach(lake, refOf(form, draft.plan, options), rows, signal)
  });
  return showFormDialog({
    title: trans.__('Attach %1', rowsText(rows, trans)),
    draft,
    label: trans.__('Attach'),
    who: trans.__('the data lake'),
    fields: () => <AttachFields {...options} draft={draft} />,
    trans
  });
}

function AttachFields(
  props: ICollectionOptions & { draft: AttachDraft }
): React.JSX.Element {
  const { draft, lake, kind, trans } = props;
  const { value, problems, plan } = draft;
  const scope = scopeOf(value, plan, props);
  const names = useAnswer(
    signal =>
      scope ? lake.collections(kind, scope, signal) : Promise.resolve([]),
    [scope]
  );
  return (
    <div className="escape-Field-row">
      <ScopeField {...props} draft={draft} />
      <CompletingField
        label={kind === 'dataset' ? trans.__('Dataset') : trans.__('Container')}
        value={value.name}
        problem={problems.name}
        completions={(names ?? [])
          .filter(name => name.includes(value.name))
          .map(text => ({ text }))}
        onChange={name => draft.set({ name })}
      />
    </div>
  );
}

function ScopeField(
  props: ICollectionOptions & { draft: CreateDraft | AttachDraft }
): React.JSX.Element {
  const { draft, scopes, trans } = props;
  const scope = scopeOf(draft.value, draft.plan, props);
  return (
    <CompletingField
      label={trans.__('Scope')}
      value={scope}
      problem={draft.problems.scope}
      completions={scopeCompletions(
        scope,
        draft.plan?.scopes ?? [],
        scopes,
        trans
      )}
      onChange={text => draft.set({ scope: text })}
    />
  );
}

function scopeOf(
  form: ITargetForm,
  account: IAccount | null,
  { scope }: ICollectionOptions
): string {
  return form.scope ?? (account ? scopeFor(scope, account) : (scope ?? ''));
}

function refOf(
  form: ITargetForm,
  account: IAccount | null,
  options: ICollectionOptions
): string {
  return `rucio:${scopeOf(form, account, options).trim()}:${form.name.trim()}`;
}

function problemsOf(
  form: ITargetForm,
  account: IAccount | null,
  options: ICollectionOptions
) {
  const mine = scopeOf(form, account, options).trim();
  const scope = mine ? scopeProblem(mine, account, options.trans) : '';
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(form.name.trim() ? {} : { name: '' })
  };
}

function attach(
  lake: Lake,
  ref: string,
  rows: readonly IRow[],
  signal: AbortSignal
): Promise<IDone> {
  const contents = rows.map(row => row.ref);
  return lake.ask<IDone>(
    'POST',
    'collections/attach',
    { ref, contents },
    signal
  );
}

/** There was one by this name before: that is not the new one. */
function taken(message: string, trans: TranslationBundle): AgentError {
  return new AgentError({
    code: 'conflict',
    message,
    hint: trans.__('Choose another name, or attach to the one that is there.'),
    retryable: false,
    details: { field: 'name' }
  });
}
