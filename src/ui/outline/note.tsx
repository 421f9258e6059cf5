import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isStopped } from '../../core/errors';
import { formatCount } from '../format';
import { isSaid } from '../../signin/notice';
import type { IGate } from '../../signin/tokens';
import { LONG_MS, NOTICED_MS } from '../waiting';
import { useElapsed } from '../signals';
import type { INode, IOutlineRow } from './node';
import { isThing } from './node';
import type { Outline } from './outline';
import { Indent } from './row';

export interface INoteProps<R extends IOutlineRow> {
  outline: Outline<R>;
  gate: IGate;
  /** Who is waited for. */
  who: string;
  trans: TranslationBundle;
}

export interface INoteRowProps<R extends IOutlineRow> extends INoteProps<R> {
  node: INode<R>;
}

/** A row that only says something about the list it ends. */
export function NoteRow<R extends IOutlineRow>(
  props: INoteRowProps<R>
): React.JSX.Element {
  const { node, trans, outline, gate } = props;
  const parent = node.parent ?? node;
  return (
    <>
      <Indent depth={node.depth} />
      <span className="escape-Row-caret" />
      {node.kind === 'waiting' && <WaitingNote {...props} parent={parent} />}
      {(node.kind === 'empty' || node.kind === 'skipped') && (
        <span className="escape-Note" title={noteText(node, props)}>
          {noteText(node, props)}
        </span>
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
            onClick={() => void outline.more(parent)}
          >
            {trans.__('show more')}
          </button>
          <span className="escape-Note">
            {trans.__('or narrow the search')}
            {alsoText(node, trans)}
          </span>
        </>
      )}
      {node.kind === 'failed' && isSaid(gate, node.error) && (
        <span className="escape-Note">
          {trans.__('Sign in to see this list.')}
        </span>
      )}
      {node.kind === 'failed' && !isSaid(gate, node.error) && (
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
            onClick={() => void outline.again(parent)}
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
export function noteText<R extends IOutlineRow>(
  node: INode<R>,
  { who, trans }: INoteProps<R>
): string {
  const parent = node.parent ?? node;
  switch (node.kind) {
    case 'waiting':
      return trans.__('Waiting for %1…', who);
    case 'empty':
      return trans.__('Empty');
    case 'skipped':
      return [node.skipped > 0 ? skippedText(node, trans) : '', node.said]
        .filter(Boolean)
        .join('; ');
    case 'truncated': {
      const count = formatCount(countOf(parent));
      const text = trans.__(
        'First %1 shown; show more or narrow the search',
        count
      );
      return `${text}${alsoText(node, trans)}`;
    }
    default:
      return node.error?.message ?? '';
  }
}

/** What else is to be said of a list that was cut. */
function alsoText<R extends IOutlineRow>(
  node: INode<R>,
  trans: TranslationBundle
): string {
  const skipped = node.skipped > 0 ? skippedText(node, trans) : '';
  return [skipped, node.said]
    .filter(Boolean)
    .map(also => `; ${also}`)
    .join('');
}

function skippedText<R extends IOutlineRow>(
  node: INode<R>,
  trans: TranslationBundle
): string {
  return trans._n(
    '%1 invalid row skipped',
    '%1 invalid rows skipped',
    node.skipped,
    formatCount(node.skipped)
  );
}

function countOf<R extends IOutlineRow>(parent: INode<R>): number {
  return parent.children.filter(isThing).length;
}

function WaitingNote<R extends IOutlineRow>(
  props: INoteRowProps<R> & { parent: INode<R> }
): React.JSX.Element | null {
  const { parent, outline, who, trans } = props;
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
      <span className="escape-Note">{trans.__('Waiting for %1…', who)}</span>
      <button
        className="escape-Link"
        onMouseDown={keepPlace}
        onClick={() => outline.cancel(parent)}
      >
        {trans.__('Cancel')}
      </button>
    </>
  );
}
