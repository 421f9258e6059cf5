import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { isSaid } from '../../signin/notice';
import { Empty } from '../empty';
import { ErrorBox } from '../errorbox';
import type { IOutlineRow } from '../outline/node';
import { useSignals } from '../signals';
import type { Details } from './details';
import type { IPanelModel } from './tokens';

export interface IDetailsOptions<R extends IOutlineRow, D extends object> {
  model: IPanelModel<R>;
  details: Details<D>;
  /** The answers without which there is nothing to show. */
  needed: readonly (keyof D)[];
  /** The sentence where no row is selected. */
  none: string;
  /** The sentence where several are. */
  several: (count: number) => string;
  /** What changes what is shown, beside the details. */
  signals?: readonly ISignal<unknown, unknown>[];
  trans: TranslationBundle;
  /** Draws what is known of a row, as far as it has come. */
  draw: (ref: string) => React.JSX.Element;
}

/** The section that tells everything about the selected row. */
export class DetailsSection<
  R extends IOutlineRow,
  D extends object
> extends ReactWidget {
  constructor(options: IDetailsOptions<R, D>) {
    super();
    this._options = options;
    this.addClass('escape-Details');
    this.title.label = options.trans.__('Details');
  }

  protected render(): React.JSX.Element {
    return <View {...this._options} />;
  }

  private readonly _options: IDetailsOptions<R, D>;
}

function View<R extends IOutlineRow, D extends object>(
  props: IDetailsOptions<R, D>
): React.JSX.Element {
  const { model, details, trans, needed, signals = [] } = props;
  const { gate } = model.connection;
  const { selection } = model.outline;
  useSignals(details.changed, selection.changed, gate.changed, ...signals);
  const { ref } = details;
  if (ref === null) {
    const count = model.selectedRows().length;
    return <Empty>{count > 1 ? props.several(count) : props.none}</Empty>;
  }
  if (details.errors.some(error => isSaid(gate, error))) {
    return <Empty>{trans.__('Available after you have signed in.')}</Empty>;
  }
  const error = needed.map(name => details.errorOf(name)).find(one => one);
  if (error) {
    const again = () => details.refresh();
    return <ErrorBox error={error} trans={trans} onAgain={again} />;
  }
  const isBusy = needed.some(name => details.get(name) === null);
  return (
    <div className="escape-Details-view" aria-busy={isBusy}>
      {props.draw(ref)}
    </div>
  );
}
