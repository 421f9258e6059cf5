import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { NotebookPanel } from '@jupyterlab/notebook';
import * as React from 'react';
import { datalakeIcon } from '../../ui/icons';
import { StateShape } from '../../ui/outline/shape';
import { useSignals } from '../../ui/signals';
import type { Attached } from './attached';
import type { Attachments } from './attachments';
import { describeEntry, summarize } from './words';

export interface IChipOptions {
  panel: NotebookPanel;
  attachments: Attachments;
  trans: TranslationBundle;
  onClick: () => void;
}

/** The data of a notebook, in its toolbar: there only if it has some. */
export class DataChip extends ReactWidget {
  constructor(options: IChipOptions) {
    super();
    this._options = options;
    this.addClass('escape-DataChip');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: IChipOptions;
}

function View(props: IChipOptions): React.JSX.Element | null {
  const { attachments, panel } = props;
  useSignals(attachments.currentChanged);
  const attached = attachments.of(panel);
  return attached && <Button {...props} attached={attached} />;
}

function Button(
  props: IChipOptions & { attached: Attached }
): React.JSX.Element | null {
  const { attached, trans, onClick } = props;
  useSignals(attached.changed);
  const { entries } = attached;
  if (entries.length === 0) {
    return null;
  }
  const views = entries.map(entry =>
    describeEntry(entry, attached.stateOf(entry), attached.jobOf(entry), trans)
  );
  const { shape, word, sentence } = summarize(views, trans);
  return (
    <button
      className="escape-DataChip-button jp-ToolbarButtonComponent"
      title={sentence}
      aria-label={sentence}
      onClick={onClick}
    >
      <datalakeIcon.react tag="span" className="escape-DataChip-icon" />
      <StateShape shape={shape} />
      <span>{word}</span>
    </button>
  );
}
