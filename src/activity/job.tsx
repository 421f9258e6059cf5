import {
  closeIcon,
  folderIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { IJob } from '../core/api';
import { fractionOf, isFinished } from '../core/jobs';
import { Name } from '../ui/name';
import { Progress } from '../ui/progress';
import { ActivityCommandIDs } from './commandids';
import { canOpen, measures } from './words';

export interface IJobProps {
  job: IJob;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** One job: two lines while it matters, one when it is over. */
export function Job(props: IJobProps): React.JSX.Element {
  const { job, trans } = props;
  const parts = measures(job, trans);
  const isOver = job.state === 'done' || job.state === 'cancelled';
  return (
    <li className="escape-Job" data-state={job.state} data-job={job.id}>
      <div className="escape-Job-line">
        <span className="escape-Job-title" title={job.title}>
          <Name name={job.title} />
        </span>
        {isOver && parts.length > 0 && (
          <span className="escape-Job-short" title={parts.join(', ')}>
            {parts[0]}
          </span>
        )}
        <span className="escape-Job-word">{job.state_word}</span>
        <Buttons {...props} />
      </div>
      {!isOver && (
        <>
          <Progress
            label={job.title}
            // What has failed stands still, also where nothing is known of it.
            fraction={fractionOf(job) ?? (isFinished(job.state) ? 0 : null)}
            state={job.state === 'failed' ? 'failed' : 'running'}
          />
          <div className="escape-Job-measures">{parts.join(' · ')}</div>
        </>
      )}
      {job.note && <div className="escape-Job-note">{job.note}</div>}
      {!isFinished(job.state) && job.waiting && (
        <div className="escape-Job-error escape-mod-waiting" role="status">
          {job.waiting.message}{' '}
          <span>{trans.__('It continues by itself.')}</span>
        </div>
      )}
      {job.state === 'failed' && job.error && (
        <div className="escape-Job-error" role="alert">
          {job.error.message} <span>{job.error.hint}</span>
        </div>
      )}
    </li>
  );
}

function Buttons(props: IJobProps): React.JSX.Element {
  const { job, trans, commands } = props;
  const button = (id: string, Icon: LabIcon, label: string) => (
    <button
      className="escape-Row-action"
      title={label}
      aria-label={trans.__('%1: %2', label, job.title)}
      onClick={() => void commands.execute(id, { id: job.id })}
    >
      <Icon.react tag="span" />
    </button>
  );
  if (!isFinished(job.state)) {
    return button(ActivityCommandIDs.cancel, stopIcon, trans.__('Cancel'));
  }
  return (
    <>
      {job.state !== 'done' &&
        button(ActivityCommandIDs.retry, refreshIcon, trans.__('Try again'))}
      {job.state === 'done' &&
        canOpen(job) &&
        button(ActivityCommandIDs.open, folderIcon, trans.__('Open'))}
      {button(ActivityCommandIDs.forget, closeIcon, trans.__('Forget'))}
    </>
  );
}
