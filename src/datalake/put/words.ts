/** What a put would do, in words. Pure. */
import type { ITrans } from '../../core/errors';
import { formatBytes } from '../../ui/format';
import type { IOutcomeLine } from '../../ui/form/outcome';
import type { IPutPlan } from '../api';

/** Words that depend on a number. */
export interface IPlurals extends ITrans {
  _n(
    one: string,
    many: string,
    n: number,
    ...args: (string | number)[]
  ): string;
}

export function planLines(plan: IPutPlan, trans: IPlurals): IOutcomeLine[] {
  const lines: IOutcomeLine[] = [];
  const say = (kind: IOutcomeLine['kind'], text: string, items?: string[]) =>
    lines.push({ kind, text, items });
  const { problems, problem_count: count, error, rse } = plan;
  if (count > 0) {
    say(
      'problem',
      trans._n(
        'One file cannot be put. Nothing is put before it can.',
        '%1 files cannot be put. Nothing is put before they can.',
        count
      ),
      problems.map(({ message }) => message)
    );
  }
  if (isChoiceMissing(plan)) {
    say('plain', trans.__('Choose where to store them.'));
  } else if (error) {
    say('problem', `${error.message} ${error.hint}`.trim());
  }
  if (plan.new > 0 && rse) {
    say(
      'fine',
      trans._n(
        'One file, %2, is sent to %3.',
        '%1 files, %2, are sent to %3.',
        plan.new,
        formatBytes(plan.new_bytes),
        rse
      )
    );
  }
  if (plan.equal > 0) {
    say(
      'fine',
      trans._n(
        'One file is there already, with the same content, and is not sent.',
        '%1 files are there already, with the same content, and are not sent.',
        plan.equal
      )
    );
  }
  if (plan.hidden > 0) {
    say(
      'plain',
      trans._n(
        'One hidden file is left out.',
        '%1 hidden files are left out.',
        plan.hidden
      )
    );
  }
  if (rse !== null) {
    say('plain', intoWhat(plan, trans));
  }
  if (plan.rule) {
    say('plain', plan.rule);
  }
  return lines;
}

/** Whether nothing but the choice of an RSE is missing, which the form offers. */
function isChoiceMissing({ error }: IPutPlan): boolean {
  return error?.details.field === 'rse';
}

function intoWhat(plan: IPutPlan, trans: ITrans): string {
  const { scope, dataset } = plan;
  if (dataset === null) {
    return trans.__('They are single files in the scope %1.', scope);
  }
  return plan.dataset_exists
    ? trans.__('They are added to the dataset %1:%2.', scope, dataset)
    : trans.__('The new dataset %1:%2 holds them.', scope, dataset);
}

export function allows(plan: IPutPlan): boolean {
  return plan.problem_count === 0 && plan.error === null && plan.files > 0;
}

/** What is put, as a person would say it. */
export function namesOf(paths: readonly string[], trans: IPlurals): string {
  const [first] = paths;
  return paths.length === 1
    ? (first.split('/').at(-1) ?? first)
    : trans._n('%1 item', '%1 items', paths.length);
}
