import { Notification } from '@jupyterlab/apputils';
import {
  closeIcon,
  folderIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IJob } from '../core/api';
import { AgentError, unreachable } from '../core/errors';
import { amountOf, isFinished } from '../core/jobs';
import type { IJobs } from '../core/tokens';
import { ActivityCommandIDs, openRefCommand } from './commandids';
import { isElsewhere } from './words';

export interface IActivityCommandsOptions {
  commands: CommandRegistry;
  jobs: IJobs;
  trans: TranslationBundle;
}

const JOB_ARGS = {
  args: {
    type: 'object',
    properties: {
      id: { type: 'string', description: 'The id of the job' }
    },
    required: ['id']
  }
} as const;

export function addActivityCommands(options: IActivityCommandsOptions): void {
  const { commands, jobs, trans } = options;
  const add = (
    id: string,
    label: string,
    caption: string,
    icon: LabIcon,
    run: (job: IJob) => Promise<void>
  ) => {
    commands.addCommand(id, {
      label,
      caption,
      icon,
      describedBy: JOB_ARGS,
      execute: async args => {
        const job = jobs.get(String(args.id));
        if (job) {
          await run(job).catch(error => report(error, trans));
        }
      }
    });
  };
  add(
    ActivityCommandIDs.cancel,
    trans.__('Cancel Job'),
    trans.__('Cancel the job, also for others who wait for it'),
    stopIcon,
    job => jobs.cancel(job.id)
  );
  add(
    ActivityCommandIDs.retry,
    trans.__('Try Job Again'),
    trans.__('Continue the job where it stopped'),
    refreshIcon,
    job => jobs.retry(job.id)
  );
  add(
    ActivityCommandIDs.forget,
    trans.__('Forget Job'),
    trans.__('Remove the job from the list; the data stays'),
    closeIcon,
    job => jobs.forget(job.id)
  );
  add(
    ActivityCommandIDs.open,
    trans.__('Open Result'),
    trans.__('Open the file, or show the folder in the file browser'),
    folderIcon,
    job => openResult(job, options)
  );
  const isOf = (service: unknown) => (job: IJob) =>
    service === undefined || job.service === service;
  commands.addCommand(ActivityCommandIDs.clear, {
    label: trans.__('Clear Finished Jobs'),
    caption: trans.__('Remove finished jobs from the list; the data stays'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          service: {
            type: 'string',
            description: 'Only the jobs of this service'
          }
        }
      }
    },
    isEnabled: ({ service }) =>
      jobs.list.filter(isOf(service)).some(job => isFinished(job.state)),
    execute: ({ service }) =>
      jobs.clearFinished(isOf(service)).catch(error => report(error, trans))
  });
}

async function openResult(
  job: IJob,
  { commands, trans }: IActivityCommandsOptions
): Promise<void> {
  if (isElsewhere(job)) {
    const [ref] = job.refs;
    const { instance } = job;
    await commands.execute(openRefCommand(job.service), { ref, instance });
    return;
  }
  if (job.contents_path === null) {
    Notification.info(
      trans.__(
        'The data is at %1, outside the folders that JupyterLab can show.',
        job.path ?? job.destination ?? ''
      ),
      { autoClose: 8000 }
    );
    return;
  }
  const isOneFile =
    amountOf(job, 'files').total === 1 && job.path !== job.destination;
  const path = job.contents_path;
  if (isOneFile) {
    await commands.execute('docmanager:open', { path });
  } else {
    await commands.execute('filebrowser:go-to-path', { path });
  }
}

function report(error: unknown, trans: TranslationBundle): void {
  const known = error instanceof AgentError ? error : unreachable(trans, error);
  Notification.error(`${known.message} ${known.hint}`.trim());
}
