import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { AgentError } from '../../core/errors';
import { isStopped } from '../../core/errors';
import { isSaid } from '../../signin/notice';
import { Empty } from '../empty';
import { ErrorBox } from '../errorbox';
import type { IOutlineRow } from '../outline/node';
import { Waiting } from '../waiting';
import type { IPanelLook } from './look';
import type { IPanelModel } from './tokens';

export interface IInsteadProps<R extends IOutlineRow> {
  model: IPanelModel<R>;
  look: IPanelLook<R>;
  trans: TranslationBundle;
}

/** What is shown in place of the list, or null when there is a list. */
export function insteadOfList<R extends IOutlineRow>(
  props: IInsteadProps<R>
): React.JSX.Element | null {
  const { model, look, trans } = props;
  const { outline, connection } = model;
  const { rows, root } = outline.tree;
  const who = connection.instance?.title ?? look.words.who;
  const waiting = (since: number, onCancel: () => void) => (
    <Waiting
      since={since}
      who={who}
      trans={trans}
      rows={6}
      onCancel={onCancel}
    />
  );
  // A note about the outermost list alone is said in full.
  const note = !model.isHome && rows.length === 1 ? rows[0] : null;
  const error = rows.length === 0 ? model.error : (note?.error ?? null);
  if (isSaid(connection.gate, error)) {
    return <></>;
  }
  if (rows.length === 0 && model.error) {
    const again = () => void model.refresh();
    return <Failed {...props} error={model.error} onAgain={again} />;
  }
  // A search that can be understood waits for nothing but its own answer.
  if (model.isStarting && model.isHome) {
    return waiting(model.since, () => model.stop());
  }
  if (!connection.instance) {
    const label = trans.__('Try again');
    return (
      <Empty action={{ label, onClick: () => void model.refresh() }}>
        {look.words.unconfigured}
      </Empty>
    );
  }
  if (note?.kind === 'waiting') {
    return waiting(root.since, () => outline.cancel(root));
  }
  if (note?.kind === 'failed' && note.error) {
    const again = () => void outline.again(root);
    return <Failed {...props} error={note.error} onAgain={again} />;
  }
  if (rows.length === 0) {
    const { sentence, action } = look.nothing();
    return <Empty action={action}>{sentence}</Empty>;
  }
  return null;
}

/** Why there is no list; to have stopped it oneself is no error. */
function Failed<R extends IOutlineRow>(
  props: IInsteadProps<R> & { error: AgentError; onAgain: () => void }
): React.JSX.Element {
  const { error, model, trans, onAgain } = props;
  if (isStopped(error)) {
    return (
      <Empty action={{ label: trans.__('Try again'), onClick: onAgain }}>
        {error.message}
      </Empty>
    );
  }
  const { near } = error;
  return (
    <ErrorBox
      error={error}
      trans={trans}
      onAgain={onAgain}
      suggestion={
        near === null
          ? undefined
          : {
              text: near,
              onClick: () => void model.search(model.textFor(near))
            }
      }
    />
  );
}
