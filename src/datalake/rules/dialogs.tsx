import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { CompletingField } from '../../ui/form/completing';
import { showFormDialog } from '../../ui/form/dialog';
import { Draft } from '../../ui/form/draft';
import { NumberField, TextField } from '../../ui/form/field';
import type { IExpression, ILoss, IMade, IPreview, IRow, IRule } from '../api';
import type { Lake } from '../lake';
import { ALWAYS, dateText, secondsOf, untilProblem } from '../lifetime';
import type { IUntil } from '../lifetime';
import { UntilField } from '../untilfield';
import { lossLines, previewLines, ruleTitle } from './words';

interface IWish {
  expression: string;
  copies: number | null;
  until: IUntil;
  comment: string;
}

/** What an expression means, and what a rule with it would do. */
interface IForesight {
  expression: IExpression;
  /** Null where the expression means nothing yet. */
  preview: IPreview | null;
}

/** Ask where copies of some DIDs are to be kept. */
export function showKeepCopy(options: {
  lake: Lake;
  rows: readonly IRow[];
  /** An expression to begin with. */
  expression?: string;
  trans: TranslationBundle;
}): Promise<IMade | null> {
  const { lake, rows, trans } = options;
  const refs = rows.map(row => row.ref);
  const body = (wish: IWish) => ({
    refs,
    expression: wish.expression,
    copies: wish.copies,
    lifetime_s: secondsOf(wish.until, new Date()),
    comment: wish.comment.trim() || null
  });
  const check = (wish: IWish) => {
    const until = untilProblem(wish.until, new Date(), trans);
    return {
      ...(wish.expression.trim() ? {} : { expression: '' }),
      ...(wish.copies === null ? { copies: '' } : {}),
      ...(until === undefined ? {} : { until })
    };
  };
  const draft = new Draft<IWish, IForesight, IMade>({
    value: {
      expression: options.expression ?? '',
      copies: 1,
      until: ALWAYS,
      comment: ''
    },
    check,
    about: ({ comment: _, ...wish }) => wish,
    plan: async (wish, signal) => {
      const text = wish.expression;
      const fields = { text };
      const expression = await lake.ask<IExpression>(
        'GET',
        'expression',
        fields,
        signal
      );
      const isWhole =
        expression.problem === null && Object.keys(check(wish)).length === 0;
      const preview = isWhole
        ? await lake.ask<IPreview>('POST', 'rules/preview', body(wish), signal)
        : null;
      return { expression, preview };
    },
    allows: ({ preview }) => preview !== null && preview.refusal === null,
    submit: (wish, signal) =>
      lake.ask<IMade>('POST', 'rules', body(wish), signal)
  });
  return showFormDialog({
    title:
      rows.length === 1
        ? trans.__('Keep a copy of %1', rows[0].name)
        : trans.__('Keep copies of %1 items', rows.length),
    draft,
    label: trans.__('Keep'),
    who: trans.__('the data lake'),
    before: trans.__(
      'Say where: an RSE such as NORTH-USERDISK, or attributes such as country=NL.'
    ),
    lines: ({ preview }) => (preview ? previewLines(preview, trans) : []),
    fields: () => <WishFields draft={draft} trans={trans} />,
    trans
  });
}

function WishFields(props: {
  draft: Draft<IWish, IForesight, IMade>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { draft, trans } = props;
  const { value, problems, plan } = draft;
  // What was found for another text would complete it wrongly.
  const found = draft.isAsking ? undefined : plan?.expression;
  const problem = problemText(found, value);
  return (
    <>
      <CompletingField
        label={trans.__('Where')}
        hint={trans.__(
          'Names or attributes of RSEs; & means and, | means or, \\ means but not.'
        )}
        value={value.expression}
        problem={problems.expression || problem}
        completions={(found?.completions ?? []).map(({ text, type }) => ({
          text: value.expression.slice(0, found?.completes_from) + text,
          label: text,
          more: type
        }))}
        onChange={expression => draft.set({ expression })}
      />
      <div className="escape-Field-row">
        <NumberField
          label={trans.__('Copies')}
          value={value.copies}
          problem={problems.copies}
          onChange={copies => draft.set({ copies })}
        />
        <TextField
          label={trans.__('Comment')}
          value={value.comment}
          problem={problems.comment}
          placeholder={trans.__('why, for others')}
          onChange={comment => draft.set({ comment })}
        />
      </div>
      <UntilField
        label={trans.__('Until')}
        value={value.until}
        problem={problems.until}
        trans={trans}
        onChange={until => draft.set({ until })}
      />
    </>
  );
}

/** Nothing is wrong with what has not been typed. */
function problemText(
  found: IExpression | undefined,
  wish: IWish
): string | undefined {
  return found?.problem && wish.expression.trim()
    ? `${found.problem.message} ${found.problem.hint}`.trim()
    : undefined;
}

/** Ask until when a rule is to last. */
export function showLifetime(options: {
  lake: Lake;
  rule: IRule;
  trans: TranslationBundle;
}): Promise<IRule | null> {
  const { lake, rule, trans } = options;
  const until: IUntil = rule.expires
    ? { keep: 'date', date: dateText(new Date(rule.expires)) }
    : ALWAYS;
  const draft = new Draft<{ until: IUntil }, null, IRule>({
    value: { until },
    check: form => {
      const problem = untilProblem(form.until, new Date(), trans);
      return problem === undefined ? {} : { until: problem };
    },
    submit: (form, signal) => {
      const seconds = secondsOf(form.until, new Date());
      const change =
        seconds === null ? { endless: true } : { lifetime_s: seconds };
      const body = { rule: rule.id, ...change };
      return lake.ask<IRule>('POST', 'rule/update', body, signal);
    }
  });
  return showFormDialog({
    title: trans.__('Change until when'),
    draft,
    label: trans.__('Change'),
    who: trans.__('the data lake'),
    fields: () => (
      <UntilField
        label={ruleTitle(rule, trans)}
        value={draft.value.until}
        problem={draft.problems.until}
        trans={trans}
        onChange={value => draft.set({ until: value })}
      />
    ),
    trans
  });
}

/** Say what is lost with a rule, then delete it. */
export function showDeleteRule(options: {
  lake: Lake;
  rule: IRule;
  trans: TranslationBundle;
}): Promise<IRule | null> {
  const { lake, rule, trans } = options;
  const draft = new Draft<object, ILoss, IRule>({
    value: {},
    plan: (_, signal) =>
      lake.ask<ILoss>('GET', 'rule/loss', { id: rule.id }, signal),
    submit: (_, signal) =>
      lake.ask<IRule>('POST', 'rule/delete', { rule: rule.id }, signal)
  });
  return showFormDialog({
    title: trans.__('Delete this rule?'),
    draft,
    label: trans.__('Delete'),
    isWarning: true,
    who: trans.__('the data lake'),
    lines: lossLines,
    fields: () => (
      <p className="escape-Field">
        {trans.__('%1 of %2:%3', ruleTitle(rule, trans), rule.scope, rule.name)}
      </p>
    ),
    trans
  });
}
