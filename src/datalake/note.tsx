import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isStopped } from '../core/errors';
import { formatCount } from '../ui/format';
import { isSaid } from '../signin/notice';
import { LONG_MS, NOTICED_MS } from '../ui/waiting';
import { useElapsed } from '../ui/signals';
import { Indent } from './row';
import type { IDatalake } from './tokens';
import type { INode } from './node';

export interface INoteRowProps {
  node: INode;
  model: IDatalake;
  trans: TranslationBundle;
}

/** A row that only says something about the list it ends. */
export function NoteRow(props: INoteRowProps): React.JSX.Element {
  const { node, trans, model } = props;
  const parent = node.parent ?? node;
  return (
    <>
      <Indent depth={node.depth} />
      <span className="escape-Row-caret" />
      {node.kind === 'waiting' && <WaitingNote {...props} parent={parent} />}
      {node.kind === 'empty' && (
        <span className="escape-Note">{trans.__('Nothing in it.')}</span>
      )}
      {node.kind === 'truncated' && (
        <span className="escape-Note">
          {trans.__(
            'First %1 of more; narrow the search.',
            formatCount(parent.children.length - 1)
          )}
        </span>
      )}
      {node.kind === 'failed' && isSaid(model.gate, node.error) && (
        <span className="escape-Note">
          {trans.__('Waits for the sign-in.')}
        </span>
      )}
      {node.kind === 'failed' && !isSaid(model.gate, node.error) && (
        <>
          <span
            className={
              isStopped(node.error)
                ? 'escape-Note'
                : 'escape-Note escape-mod-error'
            }
            title={`${node.error?.message} ${node.error?.hint}`}
          >
            {node.error?.message}
          </span>
          <button
            className="escape-Link"
            onClick={() => void model.again(parent)}
          >
            {trans.__('Try again')}
          </button>
        </>
      )}
    </>
  );
}

function WaitingNote(
  props: INoteRowProps & { parent: INode }
): React.JSX.Element | null {
  const { parent, model, trans } = props;
  const elapsed = useElapsed(parent.since, [NOTICED_MS, LONG_MS]);
  if (elapsed < NOTICED_MS) {
    return null;
  }
  if (elapsed < LONG_MS) {
    return (
      <span className="escape-Waiting-row" aria-hidden="true">
        <span />
      </span>
    );
  }
  const who = model.instance?.title ?? trans.__('the data lake');
  return (
    <>
      <span className="escape-Note">{trans.__('Waiting for %1…', who)}</span>
      <button className="escape-Link" onClick={() => model.cancel(parent)}>
        {trans.__('Cancel')}
      </button>
    </>
  );
}
