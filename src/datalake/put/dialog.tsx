import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IJob } from '../../core/api';
import { ChoiceField } from '../../ui/form/choices';
import { CompletingField } from '../../ui/form/completing';
import { showFormDialog } from '../../ui/form/dialog';
import { useAnswer } from '../../ui/form/answer';
import { Draft } from '../../ui/form/draft';
import type { Problems } from '../../ui/form/draft';
import { CheckField } from '../../ui/form/field';
import { filled } from '../../ui/form/pair';
import type { Pair } from '../../ui/form/pair';
import { PairsField } from '../../ui/form/pairs';
import type { IPutPlan } from '../api';
import { Offer } from '../offer';
import type { Lake } from '../lake';
import { ALWAYS, secondsOf, untilProblem } from '../lifetime';
import type { IUntil } from '../lifetime';
import { rseChoices } from '../rses/words';
import { scopeCompletions, scopeProblem } from '../scopes';
import { UntilField } from '../untilfield';
import type { ITarget } from './target';
import { allows, namesOf, planLines } from './words';

export interface IPutOptions {
  lake: Lake;
  /** Files and folders of the workspace, by path. */
  paths: readonly string[];
  target: ITarget;
  scopes: readonly string[];
  trans: TranslationBundle;
}

interface IPutForm {
  scope: string;
  dataset: string;
  rse: string;
  until: IUntil;
  metadata: readonly Pair[];
  keepPaths: boolean;
}

/** Ask where files go; resolves with the job that brings them there. */
export function showPut(options: IPutOptions): Promise<IJob | null> {
  const { lake, paths, target, trans } = options;
  const offer = new Offer(lake, () => draft.set({}));
  const draft: PutDraft = new Draft<IPutForm, IPutPlan, IJob>({
    value: {
      scope: target.scope ?? '',
      dataset: target.dataset ?? datasetFor(paths),
      rse: '',
      until: ALWAYS,
      metadata: [],
      keepPaths: false
    },
    check: form => problemsOf(form, offer, trans),
    about: form =>
      Object.keys(problemsOf(form, offer, trans)).length === 0
        ? { ...form, metadata: filled(form.metadata) }
        : null,
    plan: (form, signal) => {
      offer.ask();
      return lake.ask<IPutPlan>(
        'POST',
        'put/plan',
        bodyOf(form, paths),
        signal
      );
    },
    allows,
    submit: (form, signal) =>
      lake.ask<IJob>('POST', 'put', bodyOf(form, paths), signal)
  });
  return showFormDialog({
    title: trans.__('Put %1 into the data lake', namesOf(paths, trans)),
    draft,
    label: trans.__('Put'),
    who: trans.__('the data lake'),
    lines: plan => planLines(plan, trans),
    fields: () => <Fields {...options} draft={draft} offer={offer} />,
    trans
  }).finally(() => offer.dispose());
}

type PutDraft = Draft<IPutForm, IPutPlan, IJob>;

function bodyOf(form: IPutForm, paths: readonly string[]) {
  const { scope, dataset } = form;
  return {
    paths,
    // Without a scope, the account's own is meant.
    to: scope ? `${scope}:${dataset}` : null,
    dataset: scope ? null : dataset || null,
    rse: form.rse || null,
    lifetime_s: secondsOf(form.until, new Date()),
    metadata: Object.fromEntries(filled(form.metadata)),
    keep_paths: form.keepPaths
  };
}

function problemsOf(
  form: IPutForm,
  offer: Offer,
  trans: TranslationBundle
): Problems<IPutForm> {
  const scope = scopeProblem(form.scope, offer.account, trans);
  const until = untilProblem(form.until, new Date(), trans);
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(until === undefined ? {} : { until })
  };
}

/** A folder becomes a dataset of its name; single files need none. */
function datasetFor(paths: readonly string[]): string {
  const name = paths.length === 1 ? (paths[0].split('/').at(-1) ?? '') : '';
  return name.includes('.') ? '' : name;
}

function Fields(
  props: IPutOptions & { draft: PutDraft; offer: Offer }
): React.JSX.Element {
  const { draft, trans, lake, offer } = props;
  const { value, problems, plan } = draft;
  const scope = value.scope || (plan?.scope ?? '');
  const datasets = useAnswer(
    signal => (scope ? lake.datasets(scope, signal) : Promise.resolve([])),
    [scope]
  );
  return (
    <>
      <div className="escape-Field-row">
        <CompletingField
          label={trans.__('Scope')}
          value={value.scope}
          placeholder={plan?.scope}
          problem={problems.scope}
          completions={scopeCompletions(
            value.scope,
            offer.account?.scopes ?? [],
            props.scopes,
            trans
          )}
          onChange={text => draft.set({ scope: text })}
        />
        <CompletingField
          label={trans.__('Dataset')}
          value={value.dataset}
          placeholder={trans.__('none: single files')}
          problem={problems.dataset}
          completions={(datasets ?? [])
            .filter(name => name.includes(value.dataset))
            .map(text => ({ text, more: trans.__('exists') }))}
          onChange={dataset => draft.set({ dataset })}
        />
      </div>
      {offer.rses && (
        <ChoiceField
          label={trans.__('Store at')}
          value={value.rse || (plan?.rse ?? '')}
          problem={problems.rse}
          choices={rseChoices(offer.rses, trans)}
          onChange={rse => draft.set({ rse })}
        />
      )}
      <UntilField
        label={trans.__('Keep until')}
        value={value.until}
        problem={problems.until}
        trans={trans}
        onChange={until => draft.set({ until })}
      />
      {plan !== null && plan.files > props.paths.length && (
        <CheckField
          label={trans.__('Name files by their path in the folder')}
          value={value.keepPaths}
          onChange={keepPaths => draft.set({ keepPaths })}
        />
      )}
      <details className="escape-Field">
        <summary>{trans.__('Metadata')}</summary>
        <PairsField
          label={
            plan?.dataset_exists
              ? trans.__('Of the files; the dataset keeps its own')
              : trans.__('Of the new dataset')
          }
          value={value.metadata}
          trans={trans}
          onChange={metadata => draft.set({ metadata })}
        />
      </details>
    </>
  );
}
