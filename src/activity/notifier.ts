import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IJob } from '../core/api';
import type { IJobs } from '../core/tokens';
import { ActivityCommandIDs } from './commandids';
import { canOpen } from './words';

/** Tells once when a job that this session saw running has ended. */
export class Notifier {
  constructor(options: {
    commands: CommandRegistry;
    jobs: IJobs;
    trans: TranslationBundle;
  }) {
    this._commands = options.commands;
    this._trans = options.trans;
    options.jobs.ended.connect(this._onEnded, this);
  }

  isOn = true;

  private _onEnded(jobs: IJobs, job: IJob): void {
    // Not of a notebook's jobs, which it shows itself, nor of cancelled ones.
    if (!this.isOn || job.state === 'cancelled' || !jobs.isWatched(job.id)) {
      return;
    }
    const trans = this._trans;
    const run = (command: string) => () => {
      void this._commands.execute(command, { id: job.id });
    };
    if (job.state === 'done') {
      const open = {
        label: trans.__('Open'),
        callback: run(ActivityCommandIDs.open)
      };
      const said = trans.__('%1 is %2.', job.title, job.state_word);
      Notification.success(job.note ? `${said} ${job.note}` : said, {
        autoClose: 5000,
        actions: canOpen(job) ? [open] : []
      });
    } else {
      const again = {
        label: trans.__('Try again'),
        callback: run(ActivityCommandIDs.retry)
      };
      Notification.error(
        trans.__('%1: %2', job.title, job.error?.message ?? ''),
        { autoClose: false, actions: [again] }
      );
    }
  }

  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;
}
