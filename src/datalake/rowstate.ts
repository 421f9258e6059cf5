import type { IJob } from '../core/api';
import type { IObstacle, IRowState } from './api';
import { fractionOf, isFinished } from '../core/jobs';
import type { ITrans } from '../core/errors';
import { formatPercent } from '../ui/format';
import type { IStateView } from '../ui/outline/cells';
import type { Shape } from '../ui/outline/shape';

/**
 * Say where a thing is.
 *
 * `job` is the unfinished job that fetches it, when there is one: it is
 * fresher than the state, which was asked for some time ago.
 */
export function describe(
  state: IRowState | undefined,
  job: IJob | undefined,
  trans: ITrans
): IStateView {
  if (job?.waiting && !isFinished(job.state)) {
    const reason = job.waiting.message;
    const sentence = trans.__('waiting: %1', reason);
    return view('problem', trans.__('waiting'), reason, sentence);
  }
  if (job && !isFinished(job.state)) {
    return job.kind === 'put'
      ? leaving(job, trans)
      : moving(fractionOf(job), job.note ?? '', trans);
  }
  if (!state) {
    return view('unknown', '', '', trans.__('unknown'));
  }
  const isMoving =
    state.job !== null &&
    (state.job_state === 'running' || state.job_state === 'queued');
  if (isMoving && state.local !== 'here') {
    return moving(state.fraction, '', trans);
  }
  if (state.local === 'here') {
    return state.mounted
      ? view(
          'here',
          trans.__('here'),
          trans.__('mounted'),
          trans.__('here, mounted: used in place')
        )
      : view('here', trans.__('here'), '', trans.__('here'));
  }
  if (state.problem) {
    const sentence = trans.__('failed: %1', state.problem);
    return view('problem', trans.__('failed'), state.problem, sentence);
  }
  const sites = state.sites.join(', ');
  if (state.local === 'partly') {
    const count =
      state.local_files !== null && state.length !== null
        ? trans.__('%1 of %2', state.local_files, state.length)
        : '';
    const sentence = count
      ? trans.__('partly here: %1 files', count)
      : trans.__('partly here');
    return view('partly', trans.__('partly'), count, sentence);
  }
  if (state.obstacle) {
    const { kind, message, hint } = state.obstacle;
    const word = obstacleWord(kind, trans);
    return view('blocked', word, sites, `${word}: ${message} ${hint}`);
  }
  return view(
    'elsewhere',
    trans.__('elsewhere'),
    sites,
    sites ? trans.__('elsewhere (%1)', sites) : trans.__('elsewhere')
  );
}

/** Why a file cannot be fetched as usual, in a word; `%dl ls` has the same. */
function obstacleWord(kind: IObstacle['kind'], trans: ITrans): string {
  switch (kind) {
    case 'tape':
      return trans.__('on tape');
    case 'archive':
      return trans.__('in an archive');
    case 'protocol':
      return trans.__('no https');
    case 'address':
      return trans.__('no address');
  }
}

function moving(
  fraction: number | null,
  note: string,
  trans: ITrans
): IStateView {
  const percent = fraction === null ? '' : formatPercent(fraction);
  const sentence = percent
    ? trans.__('on its way %1', percent)
    : trans.__('on its way');
  return {
    shape: 'moving',
    word: percent || trans.__('waiting'),
    more: note,
    sentence: note ? `${sentence}; ${note}` : sentence,
    fraction
  };
}

/** Files are being put into it. */
function leaving(job: IJob, trans: ITrans): IStateView {
  const fraction = fractionOf(job);
  const percent = fraction === null ? '' : formatPercent(fraction);
  return {
    shape: 'moving',
    word: percent || trans.__('waiting'),
    more: '',
    sentence: percent
      ? trans.__('files are being put, %1', percent)
      : trans.__('files are being put'),
    fraction
  };
}

function view(
  shape: Shape,
  word: string,
  more: string,
  sentence: string
): IStateView {
  return { shape, word, more, sentence, fraction: null };
}
