import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatBytes, formatCount } from '../../ui/format';
import { Progress } from '../../ui/progress';
import { useSignals } from '../../ui/signals';
import type { Upload } from './upload';

/** Show an upload until it has ended; Cancel ends it. */
export async function showUpload(
  upload: Upload,
  trans: TranslationBundle
): Promise<string[] | null> {
  const dialog = new Dialog<unknown>({
    title: trans.__('Uploading to your workspace'),
    body: new Body(upload, trans),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') })]
  });
  const closing = dialog.launch().then(
    () => upload.cancel(),
    () => undefined
  );
  try {
    return await upload.run();
  } finally {
    dialog.dispose();
    await closing;
  }
}

class Body extends ReactWidget {
  constructor(
    private readonly _upload: Upload,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('escape-Form-body');
  }

  protected render(): React.JSX.Element {
    return <View upload={this._upload} trans={this._trans} />;
  }
}

function View(props: {
  upload: Upload;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { upload, trans } = props;
  useSignals(upload.changed);
  return (
    <>
      <p>
        {trans.__(
          'The data lake takes the files from your workspace. They go to the folder “%1” first, and stay there.',
          upload.folder
        )}
      </p>
      <Progress
        label={trans.__('Uploading to your workspace')}
        fraction={upload.fraction}
      />
      <p className="escape-Field-hint">
        {trans.__(
          '%1 of %2 files, %3 of %4',
          formatCount(upload.filesDone),
          formatCount(upload.files),
          formatBytes(upload.bytesDone),
          formatBytes(upload.bytes)
        )}
      </p>
    </>
  );
}
