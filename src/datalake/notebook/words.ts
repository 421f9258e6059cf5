/** An attachment in words. Pure. */
import type { IJob } from '../../core/api';
import type { ITrans } from '../../core/errors';
import { isFinished } from '../../core/jobs';
import { formatBytes } from '../../ui/format';
import type { IStateView } from '../../ui/outline/cells';
import type { Shape } from '../../ui/outline/shape';
import type { IRowState } from '../api';
import { describe } from '../rowstate';
import type { IEntry } from './attached';

/** What a person can do about an attachment that needs them. */
export type Remedy = 'get' | 'overwrite' | 'rename' | 'paths';

export interface IEntryView {
  /** Where the data is, or what is wrong with it or its variable. */
  state: IStateView;
  /** What needs the person, in a sentence; '' for nothing. */
  sentence: string;
  remedies: readonly Remedy[];
}

export function describeEntry(
  entry: IEntry,
  state: IRowState | undefined,
  job: IJob | undefined,
  trans: ITrans
): IEntryView {
  const { variable, error } = entry;
  const { variable: name } = entry.attachment;
  if (error) {
    const sentence = `${error.message} ${error.hint}`.trim();
    return problem(trans.__('failed'), sentence, ['get'], trans);
  }
  const where = describe(state, job, trans);
  if (job && isFinished(job.state) && state?.local !== 'here') {
    if (job.state === 'failed' && job.error) {
      const sentence = `${job.error.message} ${job.error.hint}`.trim();
      return problem(trans.__('failed'), sentence, ['get'], trans);
    }
    if (job.state === 'cancelled') {
      const sentence = trans.__('Its transfer was cancelled.');
      return { state: where, sentence, remedies: ['get'] };
    }
  }
  if (entry.isHeld) {
    const size = state?.bytes ? formatBytes(state.bytes) : '';
    const sentence = size
      ? trans.__('%1 that are fetched only when you say so.', size)
      : trans.__('It is fetched only when you say so.');
    return { state: where, sentence, remedies: ['get'] };
  }
  if (variable?.kind === 'taken') {
    const sentence = trans.__(
      '%1 has another value in this kernel (%2), which was kept.',
      name,
      variable.type
    );
    return problem(
      trans.__('name in use'),
      sentence,
      ['overwrite', 'rename'],
      trans
    );
  }
  if (variable?.kind === 'absent' && where.shape === 'here') {
    const sentence = trans.__(
      'The kernel of this notebook runs on a machine that does not have the files.'
    );
    return problem(trans.__('failed'), sentence, ['get'], trans);
  }
  if (variable?.kind === 'unsupported') {
    const sentence = trans.__(
      'Variables are set in Python only. For %1, insert a cell with the paths.',
      variable.language
    );
    return { state: where, sentence, remedies: ['paths'] };
  }
  if (where.shape === 'problem' && !job) {
    return { state: where, sentence: where.sentence, remedies: ['get'] };
  }
  return { state: where, sentence: '', remedies: [] };
}

function problem(
  word: string,
  sentence: string,
  remedies: readonly Remedy[],
  trans: ITrans
): IEntryView {
  const state: IStateView = {
    shape: 'problem',
    word,
    more: '',
    sentence: trans.__('%1: %2', word, sentence),
    fraction: null
  };
  return { state, sentence, remedies };
}

/** All of a notebook in a word or two, and in a sentence. */
export interface ISummary {
  shape: Shape;
  word: string;
  sentence: string;
}

export function summarize(
  views: readonly IEntryView[],
  trans: ITrans
): ISummary {
  const count = (...shapes: Shape[]) =>
    views.filter(({ state }) => shapes.includes(state.shape)).length;
  const all = views.length;
  const here = count('here');
  const moving = count('moving');
  const wrong = count('problem');
  const parts = [
    trans.__('%1 here', here),
    moving > 0 ? trans.__('%1 on the way', moving) : '',
    wrong > 0 ? trans.__('%1 with a problem', wrong) : ''
  ].filter(Boolean);
  const sentence = trans.__(
    'Data of this notebook: %1 attached, %2',
    all,
    parts.join(', ')
  );
  if (wrong > 0) {
    const word =
      wrong === 1 ? trans.__('1 problem') : trans.__('%1 problems', wrong);
    return { shape: 'problem', word, sentence };
  }
  if (here === all) {
    return { shape: 'here', word: trans.__('%1 here', all), sentence };
  }
  const word = trans.__('%1 of %2 here', here, all);
  return { shape: moving > 0 ? 'moving' : 'elsewhere', word, sentence };
}
