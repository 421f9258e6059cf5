import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isStopped } from '../../core/errors';
import { formatCount } from '../format';
import { isSaid } from '../../signin/notice';
import { LONG_MS, NOTICED_MS } from '../waiting';
import { useElapsed } from '../signals';
import { Indent } from '../../datalake/row';
import type { IDatalake } from '../../datalake/tokens';
import type { INode } from './node';
import { isThing } from './node';

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
      {(node.kind === 'empty' || node.kind === 'skipped') && (
        <span className="escape-Note">{noteText(node, model, trans)}</span>
      )}
      {node.kind === 'truncated' && (
        <>
          <span className="escape-Note escape-mod-first">
            {trans.__('First %1 shown;', formatCount(countOf(parent)))}
          </span>
          <button
            className="escape-Link"
            tabIndex={-1}
            onMouseDown={keepPlace}
            onClick={() => void model.more(parent)}
          >
            {trans.__('show more')}
          </button>
          <span className="escape-Note">
            {trans.__('or narrow the search')}
            {node.skipped > 0 && `; ${skippedText(node, trans)}`}
          </span>
        </>
      )}
      {node.kind === 'failed' && isSaid(model.gate, node.error) && (
        <span className="escape-Note">
          {trans.__('Sign in to see this list.')}
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
            onMouseDown={keepPlace}
            onClick={() => void model.again(parent)}
          >
            {trans.__('Try again')}
          </button>
        </>
      )}
    </>
  );
}

/** A button of the list's own leaves the keyboard on the row where it is. */
function keepPlace(event: React.MouseEvent): void {
  event.stopPropagation();
}

/** What a row that only says something says, in full. */
export function noteText(
  node: INode,
  model: IDatalake,
  trans: TranslationBundle
): string {
  const parent = node.parent ?? node;
  switch (node.kind) {
    case 'waiting':
      return trans.__('Waiting for %1…', whoOf(model, trans));
    case 'empty':
      return trans.__('Empty');
    case 'skipped':
      return skippedText(node, trans);
    case 'truncated': {
      const count = formatCount(countOf(parent));
      const text = trans.__(
        'First %1 shown; show more or narrow the search',
        count
      );
      return node.skipped > 0 ? `${text}; ${skippedText(node, trans)}` : text;
    }
    default:
      return node.error?.message ?? '';
  }
}

function skippedText(node: INode, trans: TranslationBundle): string {
  return trans._n(
    '%1 invalid row skipped',
    '%1 invalid rows skipped',
    node.skipped,
    formatCount(node.skipped)
  );
}

function countOf(parent: INode): number {
  return parent.children.filter(isThing).length;
}

function whoOf(model: IDatalake, trans: TranslationBundle): string {
  return model.instance?.title ?? trans.__('the data lake');
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
  return (
    <>
      <span className="escape-Note">
        {trans.__('Waiting for %1…', whoOf(model, trans))}
      </span>
      <button
        className="escape-Link"
        onMouseDown={keepPlace}
        onClick={() => model.cancel(parent)}
      >
        {trans.__('Cancel')}
      </button>
    </>
  );
}
