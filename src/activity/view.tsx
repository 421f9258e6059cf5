import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { IJob } from '../core/api';
import { isFinished } from '../core/jobs';
import type { IJobs } from '../core/tokens';
import { Empty } from '../ui/empty';
import { Live } from '../ui/live';
import { useSignals } from '../ui/signals';
import { ActivityCommandIDs } from './commandids';
import { Job } from './job';
import { statusText } from './words';

/** Finished jobs shown until the user asks for the others. */
const SHOWN = 20;

export interface IActivityOptions {
  jobs: IJobs;
  /** Whose jobs are listed. */
  service: string;
  /** What the section is called: 'Transfers' where all jobs are. */
  title: string;
  /** The sentence where there are none. */
  nothing: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The section that lists the jobs of a service, running and finished. */
export class Activity extends ReactWidget {
  constructor(options: IActivityOptions) {
    super();
    this._options = options;
    this.addClass('escape-Activity');
    this._updateTitle();
    options.jobs.changed.connect(this._updateTitle, this);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.jobs.changed.disconnect(this._updateTitle, this);
      super.dispose();
    }
  }

  protected onActivateRequest(_: Message): void {
    this.node.querySelector<HTMLElement>('button, [tabindex]')?.focus();
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private _updateTitle(): void {
    const { jobs, service, title, trans } = this._options;
    const count = ofService(jobs.active, service).length;
    this.title.label = count ? trans.__('%1 (%2)', title, count) : title;
  }

  private readonly _options: IActivityOptions;
}

function View(props: IActivityOptions): React.JSX.Element {
  const { jobs, service, commands, trans } = props;
  useSignals(jobs.changed);
  const [isAll, setAll] = React.useState(false);
  const list = ofService(jobs.list, service);
  const finished = list.filter(job => isFinished(job.state));
  const hidden = new Set(isAll ? [] : finished.slice(SHOWN));
  const shown = list.filter(job => !hidden.has(job));
  if (shown.length === 0) {
    return <Empty>{props.nothing}</Empty>;
  }
  return (
    <>
      <ul className="escape-Activity-list" aria-label={props.title}>
        {shown.map(job => (
          <Job key={job.id} job={job} commands={commands} trans={trans} />
        ))}
      </ul>
      <div className="escape-Activity-foot">
        {hidden.size > 0 && (
          <button className="escape-Link" onClick={() => setAll(true)}>
            {trans.__('Show %1 more', hidden.size)}
          </button>
        )}
        {finished.length > 0 && (
          <button
            className="escape-Link"
            onClick={() =>
              void commands.execute(ActivityCommandIDs.clear, { service })
            }
          >
            {trans.__('Clear finished')}
          </button>
        )}
      </div>
      <Live text={statusText(ofService(jobs.active, service))} />
    </>
  );
}

function ofService(jobs: readonly IJob[], service: string): IJob[] {
  return jobs.filter(job => job.service === service);
}
