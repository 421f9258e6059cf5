import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { AgentError } from '../core/errors';

/** Say a failure where no panel could show it. */
export function reportError(error: unknown, trans: TranslationBundle): void {
  if (!(error instanceof AgentError)) {
    throw error;
  }
  Notification.error(`${error.message} ${error.hint}`.trim(), {
    autoClose: false,
    actions: [
      {
        label: trans.__('Copy details'),
        callback: () => Clipboard.copyToSystem(error.report())
      }
    ]
  });
}
