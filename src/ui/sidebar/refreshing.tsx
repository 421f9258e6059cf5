import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { useElapsed, useSignals } from '../signals';
import { LONG_MS, NOTICED_MS } from '../waiting';
import type { IOutlineRow } from '../outline/node';
import type { IPanelLook } from './look';
import type { IPanelModel } from './tokens';

export interface IRefreshingProps<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  trans: TranslationBundle;
}

/**
 * Says over the list that it is being asked for again.
 *
 * The rows stay where they are: a line moves above them, and after a while the
 * service that is waited for stands below them, with Cancel.
 */
export function Refreshing<R extends IOutlineRow>(
  props: IRefreshingProps<R>
): React.JSX.Element | null {
  const { model } = props;
  useSignals(model.changed);
  const { refreshingSince: since } = model;
  // Where there are no rows yet, what stands in their place says the same.
  return since === null || (model.isStarting && model.isHome) ? null : (
    <Line key={since} {...props} since={since} />
  );
}

function Line<R extends IOutlineRow>(
  props: IRefreshingProps<R> & { since: number }
): React.JSX.Element | null {
  const { since, model, look, trans } = props;
  const elapsed = useElapsed(since, [NOTICED_MS, LONG_MS]);
  if (elapsed < NOTICED_MS) {
    return null;
  }
  const who = model.connection.instance?.title ?? look.words.who;
  return (
    <>
      <div className="escape-Refreshing-line" aria-hidden="true" />
      {elapsed >= LONG_MS && (
        <div className="escape-Refreshing-long" role="status">
          <span className="escape-Note">
            {trans.__('Waiting for %1…', who)}
          </span>
          <button className="escape-Link" onClick={() => model.stopRefresh()}>
            {trans.__('Cancel')}
          </button>
        </div>
      )}
    </>
  );
}
